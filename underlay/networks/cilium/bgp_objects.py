"""Cilium's BGP objects from the inventory: peers, parameters of sessions, announcements."""

from __future__ import annotations

from typing import Any

from underlay.model.addon import Object
from underlay.model.bgp import Bgp
from underlay.model.cluster import Cluster

from .agent import NAMESPACE

API = "cilium.io/v2"
SECRET = "underlay-bgp"  # noqa: S105
PEER = "underlay-router"
ANNOUNCED = {"underlay": "pods"}


def bgp_manifests(cluster: Cluster) -> tuple[Object, ...]:
    """A CiliumBGPClusterConfig for each rack, one peer configuration for all sessions, one advertisement."""
    bgp = cluster.bgp
    if bgp is None:
        return ()
    return (
        _object("CiliumBGPAdvertisement", "underlay-pods", _announced(), labels=ANNOUNCED),
        _object("CiliumBGPPeerConfig", PEER, _sessions(bgp, cluster)),
        *(
            _object("CiliumBGPClusterConfig", f"underlay-{_plain(rack)}", _rack(cluster, bgp, rack))
            for rack in cluster.racks
        ),
    )


def _rack(cluster: Cluster, bgp: Bgp, rack: str) -> dict[str, Any]:
    """Nodes of a rack by their names, which kubeadm sets as their hostname label."""
    names = [n.name for n in cluster.nodes if n.rack == rack]
    peers = [
        {
            "name": router.name,
            "peerASN": router.as_number,
            "peerAddress": str(router.address),
            "peerConfigRef": {"name": PEER},
        }
        for router in bgp.routers_of(rack)
    ]
    return {
        "nodeSelector": {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": names}]},
        "bgpInstances": [{"name": "underlay", "localASN": bgp.as_numbers[rack], "peers": peers}],
    }


def _sessions(bgp: Bgp, cluster: Cluster) -> dict[str, Any]:
    families = [
        {"afi": f"ipv{version}", "safi": "unicast", "advertisements": {"matchLabels": ANNOUNCED}}
        for version in cluster.families
    ]
    return {
        "timers": {
            "holdTimeSeconds": bgp.hold_time,
            "keepAliveTimeSeconds": bgp.keepalive,
            # The default is two minutes, during which a restarted router has no routes.
            "connectRetryTimeSeconds": 5,
        },
        "gracefulRestart": {"enabled": True, "restartTimeSeconds": 120},
        **({"authSecretRef": SECRET} if bgp.password is not None else {}),
        "families": families,
    }


def _announced() -> dict[str, Any]:
    return {"advertisements": [{"advertisementType": "PodCIDR"}]}


def bgp_secrets(cluster: Cluster) -> tuple[Object, ...]:
    """The Secret with the sessions' password, in the namespace where the agents may read it."""
    bgp = cluster.bgp
    if bgp is None or bgp.password is None:
        return ()
    return (
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "namespace": NAMESPACE},
            "stringData": {"password": bgp.password},
        },
    )


def _object(kind: str, name: str, spec: dict[str, Any], labels: dict[str, str] | None = None) -> Object:
    metadata: dict[str, Any] = {"name": name, **({"labels": labels} if labels else {})}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


def _plain(rack: str) -> str:
    """A rack's name as part of an object's name."""
    return "".join(c if c.isalnum() or c in "-." else "-" for c in rack.lower()).strip("-.")
