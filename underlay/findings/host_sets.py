"""Sets of hosts and of pairs in words: forty hosts with one fault are one line."""

from __future__ import annotations

from collections.abc import Collection, Mapping

# So many are named; the rest is a number.
_NAMED = 4


def hosts(names: Collection[str]) -> str:
    """`w-1, w-2 and 38 more`."""
    ordered = sorted(names, key=_natural)
    more = len(ordered) - _NAMED
    if more > 1:
        return f"{', '.join(ordered[:_NAMED])} and {more} more"
    return ", ".join(ordered[:-1]) + (f" and {ordered[-1]}" if len(ordered) > 1 else "".join(ordered))


Pairs = Collection[tuple[str, str]]


def pairs(found: Pairs, asked: Pairs, racks: Mapping[str, str]) -> str:
    """Directed pairs, by what they have in common: all of them, all of a host, all between two racks.

    :param asked: every pair that could have been among them.
    :param racks: host -> rack.
    """
    wanted = set(found)
    if wanted == set(asked) and len(wanted) > 2:
        return "between all hosts"
    both = {(b, a) for a, b in wanted} == wanted
    return (
        _of_hosts(wanted, asked, both=both) or _of_racks(wanted, asked, racks, both=both) or _listed(wanted, both=both)
    )


def _of_hosts(wanted: set[tuple[str, str]], asked: Pairs, *, both: bool) -> str:
    """ "" unless it is all that some hosts have to do with: both ways, as the target, or as the source."""
    for ends, words in (
        ((0, 1), "between {} and all others"),
        ((1,), "to {}, from everywhere"),
        ((0,), "from {}, to everywhere"),
    ):
        if len(ends) == 2 and not both:
            continue
        of: dict[str, set[tuple[str, str]]] = {}
        for pair in asked:
            for end in ends:
                of.setdefault(pair[end], set()).add(pair)
        whole = {host for host, own in of.items() if own <= wanted and len(own) > len(ends)}
        if whole and set().union(*(of[host] for host in whole)) == wanted:
            return words.format(hosts(whole))
    return ""


def _of_racks(wanted: set[tuple[str, str]], asked: Pairs, racks: Mapping[str, str], *, both: bool) -> str:
    between = {(racks[a], racks[b]) for a, b in wanted}
    if len(wanted) < 2 or any((racks[a], racks[b]) in between and (a, b) not in wanted for a, b in asked):
        return ""
    if both:
        return ", ".join(f"between {a} and {b}" for a, b in sorted({tuple(sorted(pair)) for pair in between}))
    return ", ".join(f"from {a} to {b}" for a, b in sorted(between))


def concerned(found: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Every host that a pair names."""
    return tuple(sorted({name for pair in found for name in pair}, key=_natural))


def _listed(wanted: set[tuple[str, str]], *, both: bool) -> str:
    lines = sorted({tuple(sorted(pair)) for pair in wanted} if both else wanted)
    named = [f"{a} {'and' if both else 'to'} {b}" for a, b in lines[:_NAMED]]
    more = len(lines) - _NAMED
    return ", ".join(named) + (f" and {more} more pairs" if more > 0 else "")


def _natural(name: str) -> tuple[object, ...]:
    head = name.rstrip("0123456789")
    return head, int(name[len(head) :] or 0), name
