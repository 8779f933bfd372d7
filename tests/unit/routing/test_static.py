"""Routes laid by us: the list that a node gets, and the program that makes the kernel agree with it."""

from __future__ import annotations

from tests.unit.clusters import dual_stack, network, one_rack
from tests.unit.local_host import Shell
from underlay.model.routes import Routes
from underlay.resources.file import File
from underlay.routing import static

SUBNETS = {
    "cp-1": frozenset({"10.244.0.0/24"}),
    "w-1": frozenset({"10.244.1.0/24"}),
    "w-2": frozenset({"10.244.2.0/24", "fd00::/64"}),
    "former": frozenset({"10.244.9.0/24"}),
}


def listed(*, tunnels: bool = False, **changes: object) -> str:
    resources = static.of_node(one_rack(**changes), one_rack().nodes[0], SUBNETS, tunnels=tunnels)
    return next(r.content or "" for r in resources if isinstance(r, File) and r.path == static.LIST)


def test_every_other_node_is_a_line_and_nobody_else() -> None:
    assert listed().splitlines()[1:] == ["10.244.1.0/24 192.0.2.2", "10.244.2.0/24 192.0.2.3"]


def test_a_tunnel_has_the_nodes_address_and_what_is_left_of_the_path() -> None:
    assert listed(tunnels=True, path_mtu=9000).splitlines()[1] == "tunnel 192.0.2.1,8980"


def test_nothing_is_laid_while_nobody_has_a_subnet() -> None:
    assert static.of_node(one_rack(), one_rack().nodes[0], {}, tunnels=False) == ()


def test_the_program_is_valid_in_both_shells(shell: Shell) -> None:
    program = next(
        r.content
        for r in static.of_node(one_rack(), one_rack().nodes[0], SUBNETS, tunnels=True)
        if isinstance(r, File) and r.path.endswith("/pod-routes") and r.mode == "755"
    )
    ran = shell.run(f"set -n\n{program}")
    assert (ran.rc, ran.stderr) == (0, "")


def test_tunnels_carry_no_ipv6() -> None:
    made = dual_stack(routes=Routes.STATIC)
    assert network("routed", tunnels=True).problems(made) == [
        "network.tunnels: IPIP carries IPv4 only; remove the IPv6 subnets"
    ]
