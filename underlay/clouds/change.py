"""Changes to a cloud's network, planned before they are applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol


@dataclass(frozen=True)
class PodRoute:
    """A node's pod subnet, and the address by which its instance is found in the cloud."""

    node: str
    address: str
    subnet: str


@dataclass(frozen=True)
class CloudChange:
    """One change: `sentence` describes it for a person, `apply` makes it and can be repeated."""

    sentence: str
    apply: Callable[[], object] = field(repr=False, compare=False)


class CloudError(Exception):
    """Why the cloud cannot be queried or changed; `problems` are lines for a person."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class Cloud(Protocol):
    """A cloud provider's network."""

    def plan(self, required: Sequence[PodRoute], pods: IPv4Network) -> list[CloudChange]:
        """Return the changes after which exactly the required routes exist inside the pod subnet.

        :param pods: the pod subnet.
        :raises CloudError: when credentials are missing, an instance is not found, or a limit would be exceeded.
        """
        ...

    def removal(self, leaving: Sequence[str] | None, pods: IPv4Network) -> list[CloudChange]:
        """Return the changes after which no route inside the pod subnet leads to these addresses of nodes.

        :param leaving: None for all nodes: then the rule that admits pods goes, too, if it is Underlay's.
        :raises CloudError: when credentials are missing, or the API refuses.
        """
        ...
