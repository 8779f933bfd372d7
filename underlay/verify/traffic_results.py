"""The results of traffic probes, and how a check reads its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from underlay.report.document import FIRST_ANSWER

from .evidence import KeepEvidence

NOT_TESTED = "not tested: "


@dataclass(frozen=True)
class Pod:
    """A server pod: `addresses` in the order of the cluster's IP versions."""

    node: str
    name: str
    addresses: tuple[str, ...]


@dataclass
class TrafficResults:
    """`results` are (node, probe) -> "ok", what is wrong, or NOT_TESTED and the reason; node "" is outside the cluster.

    `errors` is why a node has no server pod, or did not answer (node "" for all of them). `speeds` and `captures` are
    by node and the label of a path. `first_results` are of probes that passed only when they were repeated. `kept` says
    that the server pods are those of an earlier verification.
    """

    results: dict[tuple[str, str], str] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    speeds: dict[tuple[str, str], str] = field(default_factory=dict)
    captures: dict[tuple[str, str], str] = field(default_factory=dict)
    first_results: dict[tuple[str, str], str] = field(default_factory=dict)
    evidence: KeepEvidence | None = None
    kept: bool = False

    def failed(self, node: str) -> set[str]:
        """The probes of `node` that failed."""
        return {probe for (where, probe), result in self.results.items() if where == node and is_failure(result)}

    def expect(self, node: str, probe: str, *, look: str, needs: tuple[str, ...] = ()) -> None:
        """Fail, skip or pass a check by the result of its probe.

        :param look: where to look first.
        :param needs: other nodes whose server pods have to be ready.
        """
        missing = [name for name in dict.fromkeys(("", node, *needs)) if name in self.errors]
        nodes = ", ".join(name or "any node" for name in missing)
        default = f"{NOT_TESTED}no server pod is ready on {nodes}" if missing else "no answer"
        result = self.results.get((node, probe), default)
        if self.evidence and (first := self.first_results.get((node, probe))):
            self.evidence(FIRST_ANSWER, first)
        if result.startswith(NOT_TESTED):
            pytest.skip(result)
        assert result == "ok", f"{result}; look at {look}"


def is_failure(result: str) -> bool:
    return result != "ok" and not result.startswith(NOT_TESTED)


def results_in(output: str) -> dict[str, str]:
    """The lines of a script: the probe, a tab, its result."""
    return dict(line.partition("\t")[::2] for line in output.splitlines() if "\t" in line)
