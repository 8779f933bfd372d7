"""Hosts that a reset takes back only if told so: of another cluster, or without a record of what they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

from underlay.networks.registry import modes
from underlay.plan.host_record import ANYBODYS, UNRECORDED

from .questions import HostState


@dataclass(frozen=True)
class Consent:
    """What an operator has agreed to.

    `without_record`: Kubernetes goes where nobody wrote down what was there before. `other_cluster`: hosts that were
    deployed into a cluster of another name are taken back, too.
    """

    without_record: bool = False
    other_cluster: bool = False


def is_of_another(known: HostState, cluster: str) -> bool:
    """Whether Underlay has deployed the host into a cluster of another name."""
    return known.mark.split()[1:2] not in ([], [cluster], [UNRECORDED])


def problem_of(known: HostState, cluster: str, consent: Consent) -> str:
    """Why a host that Underlay deployed is not taken back; empty where it is, and where Underlay never deployed it.

    :param cluster: the name of the inventory's cluster.
    """
    if is_of_another(known, cluster) and not consent.other_cluster:
        whose = " ".join(known.mark.split()[1:])
        return f"is of another cluster ({whose}); `underlay reset --other-cluster` takes it back all the same"
    if consent.without_record:
        return ""
    all_the_same = "`underlay reset --without-record` takes Kubernetes away all the same"
    if known.is_late:
        return f"its record began after an earlier release had deployed it; {all_the_same}"
    if known.mark and not known.is_recorded:
        return f"no record says what it was, as an earlier release deployed it; {all_the_same}"
    return ""


def note_on_stranger(known: HostState) -> str:
    """What stays on a host that Underlay never deployed; empty where it is in no cluster."""
    if not known.kubernetes:
        return ""
    first, more = known.kubernetes[0], len(known.kubernetes) - 1
    what = f"{first} and {more} more files are" if more else f"{first} is"
    return (
        f"left as it is: {what} of a cluster that was not deployed from here; `underlay reset --without-record` takes "
        "Kubernetes away all the same"
    )


def by_names(known: HostState) -> HostState:
    """The host as one on which nothing was before, and from which what modes and Kubernetes name goes.

    What may be anybody's stays: directories, rules, address sets and IPsec.
    """
    findable = tuple(name for name, mode in modes().items() if not mode(**mode.example()).traces().xfrm)
    return replace(
        known,
        modes=findable,
        prior=(),
        paths=frozenset(ANYBODYS),
        prior_tables=frozenset(),
        prior_rules=frozenset(known.rules),
        prior_sets=frozenset(known.sets),
        mark=known.mark or "started",
    )
