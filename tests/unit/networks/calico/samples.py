"""What hosts printed (iproute2's JSON, BIRD 1.6.8's responses), and helpers that pass it to a mode's checks."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.clusters import network, one_rack
from underlay.model.check import Check
from underlay.model.cluster import Cluster

VXLAN: dict[str, Any] = {
    "ifname": "vxlan.calico",
    "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    "mtu": 1450,
    "operstate": "UNKNOWN",
    "link_type": "ether",
    "linkinfo": {
        "info_kind": "vxlan",
        "info_data": {"id": 4096, "local": "192.0.2.1", "link": "eth0", "port": 4789, "learning": False, "ttl": 0},
    },
    "addr_info": [{"family": "inet", "local": "10.244.1.0", "prefixlen": 32, "scope": "global"}],
}
TUNL0: dict[str, Any] = {
    "ifname": "tunl0",
    "flags": ["NOARP", "UP", "LOWER_UP"],
    "mtu": 1480,
    "link_type": "ipip",
    "linkinfo": {"info_kind": "ipip", "info_data": {"proto": "ipip", "remote": "any", "local": "any"}},
    "addr_info": [{"family": "inet", "local": "10.244.1.1", "prefixlen": 32, "scope": "global"}],
}
IDLE_TUNL0 = TUNL0 | {"flags": ["NOARP"], "addr_info": []}
WIREGUARD: dict[str, Any] = {
    "ifname": "wireguard.cali",
    "flags": ["POINTOPOINT", "NOARP", "UP", "LOWER_UP"],
    "mtu": 1440,
    "linkinfo": {"info_kind": "wireguard"},
    "addr_info": [{"family": "inet", "local": "10.244.1.2", "prefixlen": 32, "scope": "global"}],
}
ETH0 = {"ifname": "eth0", "flags": ["UP"], "mtu": 1500, "addr_info": [{"family": "inet", "local": "192.0.2.1"}]}
SEGMENT = {"dst": "192.0.2.0/24", "dev": "eth0", "protocol": "kernel", "scope": "link", "prefsrc": "192.0.2.1"}
OWN_BLOCK = {"type": "blackhole", "dst": "10.244.1.0/26", "protocol": "bird", "flags": []}
OWN_POD = {"dst": "10.244.1.7", "dev": "cali12345678901", "scope": "link", "flags": []}
HOST = [SEGMENT, OWN_BLOCK, OWN_POD, {"dst": "default", "gateway": "192.0.2.254", "dev": "eth0"}]


def through(link: str, number: int, gateway: str = "") -> dict[str, Any]:
    """A route to a block through a tunnel, as of v3.32.1; VXLAN's gateway is the block's own overlay address."""
    block = f"10.244.{number}.0"
    # iproute2 leaves out the protocol "boot".
    more = {"metrics": [{"mtu": 1450}]} if link == "vxlan.calico" else {"protocol": "80"}
    return {"dst": f"{block}/26", "gateway": gateway or block, "dev": link, "flags": ["onlink"]} | more


def plain(number: int, gateway: str, *, protocol: str = "bird") -> dict[str, Any]:
    return {"dst": f"10.244.{number}.0/26", "gateway": gateway, "dev": "eth0", "protocol": protocol, "flags": []}


def check(name: str, mode: str, node: str = "cp-1", on: Cluster | None = None, **settings: Any) -> Check:
    on = on or one_rack()
    return next(c for c in network(mode, **settings).checks(on) if c.name == name and c.node == node)


def links(mode: str, *found: dict[str, Any], on: Cluster | None = None, **settings: Any) -> str | None:
    return check("the mode's links, and no other's", mode, on=on, **settings).judge(json.dumps([ETH0, *found]))


def routes(mode: str, *found: dict[str, Any], on: Cluster | None = None, **settings: Any) -> str | None:
    return check("routes to the pods of other nodes", mode, on=on, **settings).judge(json.dumps([*HOST, *found]))


def bird(*sessions: tuple[str, int, str, str]) -> str:
    """BIRD's response to `show protocols all`: neighbor, AS number, state, last error of each session."""
    blocks = [
        f"""\
{name}
1006-  Preference:     100
   Input filter:   ACCEPT
   Output filter:  ACCEPT
   Routes:         1 imported, 0 exported, 1 preferred
   Route change stats:     received   rejected   filtered    ignored   accepted
     Import updates:              1          0          0          0          1
   BGP state:          {state}
     Neighbor address: {address}
     Neighbor AS:      {number}
{f"     Last error:       {error}" if error else "     Hold timer:       208/240"}
 """
        for address, number, state, error in sessions
        for name in (f"1002-Node_{address.replace('.', '_')} BGP      master   start  23:49:37    {state}   {error}",)
    ]
    device = """\
1002-device1  Device   master   up     23:49:36
1006-  Preference:     240
   Input filter:   ACCEPT
 """
    head = "0001 BIRD 1.6.8 ready.\n2002-name     proto    table    state  since       info\n"
    return "\n".join([head + device, *blocks, "0000 "])
