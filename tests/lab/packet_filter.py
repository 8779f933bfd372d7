"""A packet filter of the test's own, which stands in for a policy engine where none can run."""

from __future__ import annotations

from underlay.verify.network_policies import PolicyCase, RolePod
from underlay.verify.target import Target

_CHAIN = "UNDERLAY-TEST"
_COMMANDS = {4: "iptables", 6: "ip6tables"}


def install(target: Target) -> None:
    """An empty chain that every forwarded packet passes, on every node."""
    _everywhere(target, "for c in iptables ip6tables; do $c -N {chain}; $c -I FORWARD -j {chain}; done")


def remove(target: Target) -> None:
    undo = "for c in iptables ip6tables; do $c -D FORWARD -j {chain}; $c -F {chain}; $c -X {chain}; done; true"
    _everywhere(target, undo)


def block(target: Target, pods: dict[str, RolePod], case: PolicyCase, *, versions: tuple[int, ...] = (4, 6)) -> None:
    """Drop new connections of a case, over these IP versions."""
    for one, other in zip(pods[case.one].addresses, pods[case.other].addresses, strict=True):
        version = 6 if ":" in one else 4
        if version in versions:
            rule = f"-s {one} -d {other} -p {case.protocol} -m conntrack --ctstate NEW -j DROP"
            _everywhere(target, f"{_COMMANDS[version]} -A {{chain}} {rule}")


def block_all_to(target: Target, pod: RolePod) -> None:
    _everywhere(target, f"iptables -A {{chain}} -d {pod.address} -j DROP")


def _everywhere(target: Target, script: str) -> None:
    for node in target.nodes:
        target.host(node.name).run(script.format(chain=_CHAIN))
