"""An inventory with one thing changed, and the problems that reading it reports."""

from __future__ import annotations

from typing import Any

from tests.unit.clusters import MODES, REGISTERED_MODE, Groups, Hosts, groups, hosts
from underlay.inventory.errors import InvalidInventory
from underlay.inventory.spec import Spec, read_spec


def problems_of(found: Hosts, members: Groups) -> list[str]:
    """The lines an inventory is refused with; none when it is not."""
    try:
        read_spec(found, members)
    except InvalidInventory as error:
        return list(error.problems)
    return []


def with_all(**shared: Any) -> list[str]:
    return problems_of(hosts(**shared), groups())


def with_host(name: str, **own: Any) -> list[str]:
    found = hosts()
    found[name] |= own
    return problems_of(found, groups())


def spec_of(found: Hosts, members: Groups) -> Spec:
    found = {name: v for name, v in found.items() if name != "w-1"} if "192.0.2.1" in found else found
    members = {name: tuple(h for h in group if h in found) for name, group in members.items()}
    return read_spec(found, members)


VERSIONS = "supported are v1.35.x, v1.36.x, v1.37.x"
ENDPOINT = "an endpoint is a host name or an address, with :port if it is not 6443"
ADDRESS = "an address looks like 192.0.2.1 or 2001:db8::1"
SUBNET = "a subnet looks like 10.244.0.0/16 or fd00:10::/48"
ALL_MODES = ", ".join(MODES)


def without(found: Hosts, *names: str) -> Hosts:
    return {name: v for name, v in found.items() if name not in names}


NO_CONTROL_PLANE = "control_plane: the group is missing or empty; a cluster needs one control-plane host, or three"


def ipv6(**shared: Any) -> Hosts:
    found = hosts(**{"pod_subnet": "fd00:10::/48", "service_subnet": "fd00:20::/112", **shared})
    for i, variables in enumerate(found.values(), start=1):
        variables["address"] = f"2001:db8::{i}"
    return found


def ordinary_problems(mode: str = REGISTERED_MODE, **shared: Any) -> list[str]:
    """Those of an ordinary inventory with some variables of its hosts changed."""
    return problems_of(hosts(mode, **shared), groups())
