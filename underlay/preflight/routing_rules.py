"""A host's routing rules, out of `ip -json rule show`: in which order its tables are looked up."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from underlay.plan.host_questions import HostAnswers
from underlay.resources.answer import Answered

from .links import ip_objects

# What a rule has besides the packets that it is for: nothing else narrows it.
_PLAIN = {"priority", "src", "dst", "dstlen", "table", "protocol"}


def is_first_in_main(subnet: Any, answers: HostAnswers) -> Callable[[str], bool]:
    """Whether a rule sends all that goes to a subnet to the main table, before any rule that leads to a given table."""
    match answers["rules"]:
        case Answered(line):
            rules = [rule for text in line.split() for rule in ip_objects(text)]
        case _:
            return lambda _: False
    shields = [rule["priority"] for rule in rules if rule.get("table") == "main" and _is_for_all_to(subnet, rule)]

    def is_first(table: str) -> bool:
        # A VRF's rule names no table of its own: `[l3mdev-table]`.
        leading = [r["priority"] for r in rules if r.get("table") == table or "l3mdev" in r]
        return bool(shields) and min(shields) < min(leading, default=_LAST)

    return is_first


_LAST = 2**32


def _is_for_all_to(subnet: Any, rule: dict[str, Any]) -> bool:
    """Whether a rule with a destination is for every packet to a subnet."""
    if "dst" not in rule or rule["dst"] == "all" or rule.get("src", "all") != "all" or set(rule) - _PLAIN:
        return False
    target = ip_network(f"{rule['dst']}/{rule['dstlen']}" if "dstlen" in rule else rule["dst"], strict=False)
    return bool(target.version == subnet.version and subnet.subnet_of(target))
