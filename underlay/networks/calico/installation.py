"""What the operator installs, as the spec of an Installation (operator.tigera.io/v1)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

from underlay.model.cluster import Cluster

from .egress_pools import POOL_BLOCK, pool_name
from .mode import CalicoMode
from .settings import PLANES

# Names of upstream's default pools, by IP version.
POOLS = {4: "default-ipv4-ippool", 6: "default-ipv6-ippool"}
BLOCK_SIZE_V6 = 122


def installation(network: CalicoMode, cluster: Cluster) -> dict[str, Any]:
    """The spec, without the values of the inventory."""
    return {
        "variant": "Calico",
        # With HostLocal and no BGP the operator assumes that others provide the routes, and Calico installs none.
        "cni": {"type": "Calico", "ipam": {"type": "HostLocal" if network.host_local(cluster) else "Calico"}},
        "calicoNetwork": {
            "bgp": _switch(network.speaks_bgp(cluster)),
            "linuxDataplane": PLANES[network.plane(cluster)],
            "mtu": network.pod_mtu(cluster),
            # The address of the inventory, through the kubelet, without autodetection.
            **{f"nodeAddressAutodetectionV{v}": {"kubernetes": "NodeInternalIP"} for v in cluster.families},
            # All pools at once: once one exists, the operator creates no other before its API server runs.
            "ipPools": [
                *(_default_pool(network, subnet) for subnet in network.pools(cluster)),
                *(_own_pool(network, namespace, pool) for namespace, pool in network.egress_pools.items()),
            ],
        },
        # Nothing uses Calico's volume plugins; each would leave a directory on every host.
        "flexVolumePath": "None",
        "kubeletVolumePluginPath": "None",
    }


def _default_pool(network: CalicoMode, subnet: IPv4Network | IPv6Network) -> dict[str, Any]:
    return _pool(
        network,
        name=POOLS[subnet.version],
        cidr=str(subnet),
        natOutgoing=_switch(network.nat_outgoing),
        blockSize=block_size(network, subnet.version),
        allowedUses=["Workload", "Tunnel"],
        assignmentMode="Automatic",
    )


def _own_pool(network: CalicoMode, namespace: str, pool: IPv4Network) -> dict[str, Any]:
    """A namespace's pool: used only by pods whose namespace has its annotation."""
    return _pool(
        network,
        name=pool_name(namespace),
        cidr=str(pool),
        natOutgoing="Disabled",
        blockSize=POOL_BLOCK,
        allowedUses=["Workload"],
        assignmentMode="Manual",
    )


def _pool(network: CalicoMode, **fields: Any) -> dict[str, Any]:
    """A complete pool: the operator adds missing fields to the same list, and a second run would remove them."""
    return {
        **fields,
        "encapsulation": network.overlay.installed_as if network.overlay else "None",
        "nodeSelector": "all()",
        "disableBGPExport": False,
        "disableNewAllocations": False,
    }


def block_size(network: CalicoMode, version: int) -> int:
    """Prefix length of the blocks that nodes take, for an IP version."""
    return network.block_size if version == 4 else BLOCK_SIZE_V6


def pool_modes(network: CalicoMode) -> dict[str, str]:
    """The encapsulation of the mode, as fields of an IPPool."""
    modes = {"ipipMode": "Never", "vxlanMode": "Never"}
    if network.overlay:
        modes[f"{network.overlay.encapsulation.lower()}Mode"] = network.overlay.pool_mode
    return modes


def _switch(on: bool) -> str:
    return "Enabled" if on else "Disabled"
