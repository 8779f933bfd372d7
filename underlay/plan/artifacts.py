"""What a plan needs of the source of binaries, images and charts, whichever source the inventory names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from underlay.model.addon import Chart
from underlay.resources.binary import Binary
from underlay.resources.images import Images
from underlay.resources.release import HostChart


class Artifacts(Protocol):
    """Names are those of the artifact catalog; what is not in it raises the source's own error.

    `architectures` are those that commands may be had for, as Go spells them; `lacking` says of one why they cannot.
    """

    @property
    def architectures(self) -> tuple[str, ...]: ...
    @property
    def lacking(self) -> Mapping[str, str]: ...
    def binary(self, name: str, path: str) -> Binary: ...
    def images(self, names: tuple[str, ...]) -> Images: ...
    def reference(self, name: str) -> str: ...
    def chart(self, chart: Chart) -> HostChart: ...
    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        """Image, its locked digest and the one that its tag has now, of those that differ; asks their registries."""
        ...
