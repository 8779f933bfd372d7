"""Hosts that leave a cluster: an inventory as it is once they are gone, or with all others before them."""

from __future__ import annotations

from collections.abc import Collection

from .spec import Groups, Hosts


def without(hosts: Hosts, groups: Groups, names: Collection[str]) -> tuple[Hosts, Groups]:
    """The inventory without these hosts."""
    kept = {group: tuple(m for m in members if m not in names) for group, members in groups.items()}
    return {name: data for name, data in hosts.items() if name not in names}, kept


def last(groups: Groups, names: Collection[str]) -> Groups:
    """Each group with these hosts at its end: the first control-plane host is one that stays, if any does."""
    return {group: tuple(sorted(members, key=lambda m: m in names)) for group, members in groups.items()}
