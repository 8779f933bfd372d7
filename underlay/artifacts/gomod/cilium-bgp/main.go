// Command cilium-bgp speaks BGP as Cilium's agent does on a node, and answers GET /v1/bgp/peers on the agent's socket:
// by the agent's own packages, of which none needs eBPF. What Cilium's controllers make of Kubernetes' objects it reads
// from a file, so that sessions can be seen where no agent can run.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"

	"github.com/cilium/cilium/pkg/bgp/gobgp"
	"github.com/cilium/cilium/pkg/bgp/types"
)

type configuration struct {
	ASN       uint32   `json:"asn"`
	RouterID  string   `json:"router_id"`
	Announced []string `json:"announced"`
	Peers     []struct {
		Name     string `json:"name"`
		Address  string `json:"address"`
		ASN      uint32 `json:"asn"`
		Password string `json:"password"`
		Hold     uint64 `json:"hold_time"`
		Alive    uint64 `json:"keepalive"`
	} `json:"peers"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: cilium-bgp CONFIGURATION SOCKET")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path, socket string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var wanted configuration
	if err := json.Unmarshal(text, &wanted); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	router, err := start(ctx, wanted)
	if err != nil {
		return err
	}
	_ = os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	http.HandleFunc("GET /v1/bgp/peers", func(w http.ResponseWriter, r *http.Request) {
		found, err := router.GetPeerStateLegacy(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(found.Peers)
	})
	return http.Serve(listener, nil)
}

// start opens the sessions and announces the prefixes. It listens nowhere, as an agent without a local port.
func start(ctx context.Context, wanted configuration) (types.Router, error) {
	global := types.BGPGlobal{ASN: wanted.ASN, RouterID: wanted.RouterID, ListenPort: -1}
	router, err := gobgp.NewGoBGPServer(ctx, slog.Default(), types.ServerParameters{Global: global})
	if err != nil {
		return nil, err
	}
	if err := export(ctx, router, wanted); err != nil {
		return nil, err
	}
	family := &types.Family{Afi: types.AfiIPv4, Safi: types.SafiUnicast}
	for _, peer := range wanted.Peers {
		address, err := netip.ParseAddr(peer.Address)
		if err != nil {
			return nil, err
		}
		err = router.AddNeighbor(ctx, &types.Neighbor{
			Name:         peer.Name,
			Address:      address,
			ASN:          peer.ASN,
			AuthPassword: peer.Password,
			Timers:       &types.NeighborTimers{ConnectRetry: 5, HoldTime: peer.Hold, KeepaliveInterval: peer.Alive},
			AfiSafis:     []*types.Family{family},
		})
		if err != nil {
			return nil, err
		}
	}
	return router, nil
}

// export announces the prefixes, and permits them: an agent tells nobody what no policy permits.
func export(ctx context.Context, router types.Router, wanted configuration) error {
	var matched []types.RoutePolicyPrefix
	for _, text := range wanted.Announced {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return err
		}
		route, err := types.NewPathForPrefix(prefix)
		if err != nil {
			return err
		}
		if _, err := router.AdvertisePath(ctx, types.PathRequest{Path: route}); err != nil {
			return err
		}
		matched = append(matched, types.RoutePolicyPrefix{CIDR: prefix, PrefixLenMin: prefix.Bits(), PrefixLenMax: prefix.Bits()})
	}
	if len(matched) == 0 {
		return nil
	}
	return router.AddRoutePolicy(ctx, types.RoutePolicyRequest{
		DefaultExportAction: types.RoutePolicyActionReject,
		Policy: &types.RoutePolicy{
			Name: "pods",
			Type: types.RoutePolicyTypeExport,
			Statements: []*types.RoutePolicyStatement{{
				Conditions: types.RoutePolicyConditions{
					MatchPrefixes: &types.RoutePolicyPrefixMatch{Type: types.RoutePolicyMatchAny, Prefixes: matched},
				},
				Actions: types.RoutePolicyActions{RouteAction: types.RoutePolicyActionAccept},
			}},
		},
	})
}
