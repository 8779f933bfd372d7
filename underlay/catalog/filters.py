"""The filters of a list of modes: each one narrows it."""

from __future__ import annotations

from dataclasses import dataclass

from underlay.model.traits import Reach

from .comparison import Comparison


@dataclass(frozen=True)
class ModeFilter:
    """The defaults admit every mode. `encryption` is "any", "none" or a word of its name; `kernel` the hosts'."""

    plugins: tuple[str, ...] = ()
    encryption: str = ""
    policy: bool = False
    across_racks: bool = False
    cloud: str = ""
    statuses: tuple[str, ...] = ()
    max_overhead: int | None = None
    min_proof: int = 0
    kernel: tuple[int, int] | None = None
    dual_stack: bool = False
    egress: bool = False
    clusters: bool = False

    def admits(self, mode: Comparison) -> bool:
        traits = mode.traits
        return all(
            (
                not self.plugins or mode.plugin in self.plugins,
                self._encrypts(traits.encryption),
                traits.policy or not self.policy,
                traits.reach is not Reach.SEGMENT or not self.across_racks,
                self._serves(traits.cloud, traits.reach),
                not self.statuses or traits.status in self.statuses,
                self.max_overhead is None or mode.overhead <= self.max_overhead,
                mode.proof.rung >= self.min_proof,
                self.kernel is None or traits.kernel_since <= self.kernel,
                len(traits.families) == 2 or not self.dual_stack,
                traits.egress or not self.egress,
                traits.clusters or not self.clusters,
            )
        )

    def _encrypts(self, by: str) -> bool:
        match self.encryption:
            case "":
                return True
            case "none":
                return not by
            case "any":
                return bool(by)
        return self.encryption.lower() in by.lower()

    def _serves(self, cloud: str, reach: Reach) -> bool:
        """The cloud's own modes, and those that work on any IP network."""
        return not self.cloud or cloud.lower() == self.cloud.lower() or (not cloud and reach is Reach.ANYWHERE)
