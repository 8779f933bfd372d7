"""Sets of hosts and of pairs in words, so that forty hosts with one fault are one line."""

from __future__ import annotations

from collections.abc import Collection, Mapping

Pair = tuple[str, str]

# So many are named, the rest is counted.
_NAMED = 4


def name_hosts(names: Collection[str]) -> str:
    """`w-1, w-2 and 38 more`."""
    ordered = sorted(names, key=_natural)
    more = len(ordered) - _NAMED
    if more > 1:
        return f"{', '.join(ordered[:_NAMED])} and {more} more"
    return ", ".join(ordered[:-1]) + (f" and {ordered[-1]}" if len(ordered) > 1 else "".join(ordered))


def by_reason(reasons: Mapping[str, str]) -> list[str]:
    """`w-1, w-2 and 98 more: reason`, a line for each reason.

    :param reasons: host -> reason.
    """
    hosts: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        hosts.setdefault(reason, []).append(name)
    return [f"{name_hosts(names)}: {reason}" for reason, names in hosts.items()]


def name_pairs(found: Collection[Pair], among: Collection[Pair], racks: Mapping[str, str]) -> str:
    """Directed pairs in words, by what they have in common: `between all hosts`, `to w-2 from all others`.

    :param among: every pair that could be one of them.
    :param racks: host -> rack.
    """
    pairs = set(found)
    if pairs == set(among) and len(pairs) > 2:
        return "between all hosts"
    both = {(b, a) for a, b in pairs} == pairs
    return _of_hosts(pairs, among, both=both) or _of_racks(pairs, among, racks, both=both) or _listed(pairs, both=both)


def _of_hosts(pairs: set[Pair], among: Collection[Pair], *, both: bool) -> str:
    """All pairs of some hosts: in both directions, as the target, or as the source; empty when it is neither."""
    for ends, words in (
        ((0, 1), "between {} and all others"),
        ((1,), "to {} from all others"),
        ((0,), "from {} to all others"),
    ):
        if len(ends) == 2 and not both:
            continue
        of: dict[str, set[Pair]] = {}
        for pair in among:
            for end in ends:
                of.setdefault(pair[end], set()).add(pair)
        whole = {host for host, own in of.items() if own <= pairs and len(own) > len(ends)}
        if whole and set().union(*(of[host] for host in whole)) == pairs:
            return words.format(name_hosts(whole))
    return ""


def _of_racks(pairs: set[Pair], among: Collection[Pair], racks: Mapping[str, str], *, both: bool) -> str:
    between = {(racks[a], racks[b]) for a, b in pairs}
    if len(pairs) < 2 or any((racks[a], racks[b]) in between and (a, b) not in pairs for a, b in among):
        return ""
    if both:
        return ", ".join(f"between {a} and {b}" for a, b in sorted({tuple(sorted(pair)) for pair in between}))
    return ", ".join(f"from {a} to {b}" for a, b in sorted(between))


def hosts_of_pairs(found: Collection[Pair]) -> tuple[str, ...]:
    """Every host that is in a pair, sorted."""
    return tuple(sorted({name for pair in found for name in pair}, key=_natural))


def _listed(pairs: set[Pair], *, both: bool) -> str:
    lines = sorted({tuple(sorted(pair)) for pair in pairs} if both else pairs)
    named = [f"{a} {'and' if both else 'to'} {b}" for a, b in lines[:_NAMED]]
    more = len(lines) - _NAMED
    return ", ".join(named) + (f" and {more} more pairs" if more > 0 else "")


def _natural(name: str) -> tuple[object, ...]:
    head = name.rstrip("0123456789")
    return head, int(name[len(head) :] or 0), name
