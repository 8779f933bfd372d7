"""How each command is built, as data: one build module for each project, so that their requirements do not conflict.

The modules (go.mod, go.sum, stand-ins) are in gomod/, one directory each.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from underlay.artifacts.buildable import GOMOD
from underlay.artifacts.catalog import OPTIONAL, pinned_version, version_beside

ETCDUTL = "go.etcd.io/etcd/etcdutl/v3"
BUILD_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")


@dataclass(frozen=True, kw_only=True)
class GoRecipe:
    """Commands of one Go module: `packages` is output name -> import path."""

    name: str
    module: str
    version: str
    packages: dict[str, str]
    ldflags: str = ""
    cgo: bool = False

    @property
    def directory(self) -> Path:
        """The directory of the build module's pinned files: its version's own, or else that of the pinned version."""
        own = GOMOD / f"{self.name}-{self.version}"
        return own if own.is_dir() else GOMOD / self.name

    def key(self, arch: str) -> str:
        """Return a hash of all inputs of the build, except the version of Go: a newer Go does not cause a rebuild."""
        digest = hashlib.sha256(json.dumps([asdict(self), arch, BUILD_FLAGS], sort_keys=True).encode())
        for path in sorted(p for p in self.directory.rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(self.directory)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:20]


def _kubernetes_ldflags(version: str) -> str:
    major, minor, _patch = version.split(".")
    base = "k8s.io/component-base/version"
    values = {
        f"{base}.gitVersion": f"v{version}",
        f"{base}.gitMajor": major,
        f"{base}.gitMinor": minor,
        f"{base}.gitTreeState": "clean",
        # kubeadm reads its own version from component-base, kubectl's user agent from client-go
        "k8s.io/client-go/pkg/version.gitVersion": f"v{version}",
    }
    return " ".join(f"-X {name}={value}" for name, value in values.items())


def go_recipes(kubernetes: str = "") -> tuple[GoRecipe, ...]:
    """Return every recipe, the longest build first, so that it fails early.

    :param kubernetes: a version of `buildable_versions`, by default the pinned one; etcd, CoreDNS and pause are those
        that belong to it.
    """
    k8s = kubernetes or pinned_version("kubernetes")
    containerd, flannel = (pinned_version(c) for c in ("containerd", "flannel"))
    cni = "github.com/containernetworking/plugins"
    cd = "github.com/containerd/containerd/v2"
    cmds = (
        "kubeadm",
        "kubelet",
        "kubectl",
        "kube-proxy",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
    )
    return (
        GoRecipe(
            name="kubernetes",
            module="k8s.io/kubernetes",
            version=k8s,
            packages={c: f"k8s.io/kubernetes/cmd/{c}" for c in cmds}
            | {"agnhost": "k8s.io/kubernetes/test/images/agnhost"},
            ldflags=_kubernetes_ldflags(k8s),
        ),
        GoRecipe(
            name="coredns",
            module="github.com/coredns/coredns",
            version=version_beside("coredns", k8s),
            packages={"coredns": "github.com/coredns/coredns"},
        ),
        GoRecipe(
            name="containerd",
            module=cd,
            version=containerd,
            packages={c: f"{cd}/cmd/{c}" for c in ("containerd", "containerd-shim-runc-v2", "ctr")},
            ldflags=f"-X {cd}/version.Version={containerd}",
        ),
        # Its udp backend is C, hence cgo, linked statically so that it runs on any base.
        GoRecipe(
            name="flannel",
            module="github.com/flannel-io/flannel",
            version=flannel,
            packages={"flanneld": "github.com/flannel-io/flannel"},
            ldflags="-linkmode external -extldflags -static"
            f" -X github.com/flannel-io/flannel/pkg/version.Version=v{flannel}",
            cgo=True,
        ),
        GoRecipe(
            name="helm",
            module="helm.sh/helm/v4",
            version=pinned_version("helm"),
            packages={"helm": "helm.sh/helm/v4/cmd/helm"},
            ldflags=f"-X helm.sh/helm/v4/internal/version.version=v{pinned_version('helm')}",
        ),
        GoRecipe(
            name="etcd",
            module="go.etcd.io/etcd/server/v3",
            version=version_beside("etcd", k8s),
            # The second restores a snapshot; upstream's image has it, too.
            packages={"etcd": "go.etcd.io/etcd/server/v3", "etcdutl": ETCDUTL},
        ),
        GoRecipe(
            name="cni-plugins",
            module=cni,
            version=pinned_version("cni-plugins"),
            packages={
                name: f"{cni}/plugins/{kind}/{name}"
                for kind, names in {
                    "main": ("bridge", "loopback", "ptp"),
                    "ipam": ("host-local", "static"),
                    "meta": ("portmap", "bandwidth", "firewall", "tuning"),
                }.items()
                for name in names
            },
            ldflags=f"-X {cni}/pkg/utils/buildversion.BuildVersion=v{pinned_version('cni-plugins')}",
        ),
        GoRecipe(
            name="metallb",
            module="go.universe.tf/metallb",
            version=pinned_version("metallb"),
            packages={part: f"go.universe.tf/metallb/{part}" for part in ("controller", "speaker")},
        ),
        # The newest that the Go proxy serves.
        GoRecipe(
            name="kube-router",
            module="github.com/cloudnativelabs/kube-router/v2",
            version=pinned_version("kube-router"),
            packages={"kube-router": "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"},
            ldflags="-X github.com/cloudnativelabs/kube-router/v2/pkg/version.Version="
            f"v{pinned_version('kube-router')}",
        ),
        # The Go proxy does not serve the plugin's own module; this is the last release of the CNI plugins that had it.
        # Its configuration has not changed since.
        GoRecipe(
            name="flannel-cni",
            module=cni,
            version="0.9.1",
            packages={"flannel": f"{cni}/plugins/meta/flannel"},
        ),
        GoRecipe(
            name="pause",
            module="underlay.internal/pause",
            version=version_beside("pause", k8s),
            packages={"pause": "."},
        ),
    )


def required_recipes() -> frozenset[str]:
    """Return the names of the recipes that one network or another requires."""
    return frozenset(recipe.name for recipe in go_recipes() if recipe.name not in OPTIONAL)
