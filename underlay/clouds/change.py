"""What a cloud is to be told, planned before it is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol


@dataclass(frozen=True)
class PodRoute:
    """A node's pods, and the address by which the cloud knows the node's instance."""

    node: str
    address: str
    subnet: str


@dataclass(frozen=True)
class CloudChange:
    """One thing to change; `sentence` is what a person reads, `apply` does it once and is harmless when repeated."""

    sentence: str
    apply: Callable[[], object] = field(repr=False, compare=False)


class CloudError(Exception):
    """Why the cloud cannot be asked or told; `problems` are lines for people."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class Cloud(Protocol):
    """One provider."""

    def plan(self, wanted: Sequence[PodRoute], pods: IPv4Network) -> list[CloudChange]:
        """What has to change for exactly the wanted routes to be there, and nobody's else inside the pod subnet.

        :raises CloudError: when credentials are missing, an instance is not found, or a limit would be passed.
        """
        ...
