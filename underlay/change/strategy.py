"""How one network becomes another on a running cluster, by what the two say of themselves."""

from __future__ import annotations

from enum import StrEnum

from underlay.model.attachment import Attachment
from underlay.networks.network import Network


class Strategy(StrEnum):
    """What becomes of running pods."""

    LIVE = "live"
    AT_ONCE = "all at once"

    @property
    def meaning(self) -> str:
        return {
            Strategy.LIVE: "pods keep running, with their links and addresses",
            Strategy.AT_ONCE: "every pod with an address of the pod network is recreated, DNS first",
        }[self]


def strategy(old: Network, new: Network) -> Strategy:
    """Live where the second takes pods over as the first has attached them."""
    return Strategy.LIVE if shared_bridge(old, new) else Strategy.AT_ONCE


def shared_bridge(old: Network, new: Network) -> tuple[Attachment, Attachment] | None:
    """How both attach pods, where it is to the same bridge."""
    one, other = old.attachment, new.attachment
    return (one, other) if one and other and one.bridge == other.bridge else None
