// Command cilium-crds writes the custom resource definitions of Cilium to standard output, as YAML documents: those
// that Cilium's operator lays down on a cluster, so that an API server here can judge what is applied there.
package main

import (
	"embed"
	"fmt"
	"io"
	"os"

	v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/client/crds/v2"
	"github.com/cilium/cilium/pkg/k8s/apis/cilium.io/client/crds/v2alpha1"
)

func main() {
	for _, definitions := range []embed.FS{v2.EmbedFS, v2alpha1.EmbedFS} {
		if err := write(os.Stdout, definitions); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func write(out io.Writer, definitions embed.FS) error {
	entries, err := definitions.ReadDir(".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := definitions.ReadFile(entry.Name())
		if err != nil {
			return err
		}
		// Each begins with a separator.
		if _, err := fmt.Fprintf(out, "%s\n", text); err != nil {
			return err
		}
	}
	return nil
}
