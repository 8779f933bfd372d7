"""How a network attaches pods to their node, by which another network can take them over as they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attachment:
    """A bridge with the node's pod subnet, and the directory in which host-local notes the addresses in use.

    Of two networks with the same bridge the second carries the pods of the first: they keep link and address.
    """

    bridge: str
    addresses: str
