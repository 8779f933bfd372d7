"""What the questions of traffic came to, whoever asked them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from underlay.report.document import AT_FIRST

from .evidence import KeepEvidence

NOT_ASKED = "not asked: "


@dataclass(frozen=True)
class Pod:
    """A server pod: `addresses` in the order of the cluster's IP versions."""

    node: str
    name: str
    addresses: tuple[str, ...]


@dataclass
class TrafficResults:
    """`given` are (who asked, the question) -> "ok", what was seen instead, or NOT_ASKED and the reason.

    `trouble` is what kept the server of a node from starting (node "" for all of them). `speeds` and `captures` are
    by node and the label of a path. `at_first` is what was seen where only a second asking was answered right.
    """

    given: dict[tuple[str, str], str] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)
    speeds: dict[tuple[str, str], str] = field(default_factory=dict)
    captures: dict[tuple[str, str], str] = field(default_factory=dict)
    at_first: dict[tuple[str, str], str] = field(default_factory=dict)
    evidence: KeepEvidence | None = None

    def wrong(self, who: str) -> set[str]:
        """The questions of `who` whose answers are not as they should be."""
        return {q for (asked, q), seen in self.given.items() if asked == who and is_wrong(seen)}

    def expect(self, who: str, question: str, *, look: str, needs: tuple[str, ...] = ()) -> None:
        """Fail, skip or pass a check by its answer.

        :param look: where to look first.
        :param needs: nodes whose server pods have to run.
        """
        missing = [node for node in dict.fromkeys(("", who, *needs)) if node in self.trouble]
        nodes = ", ".join(name or "any node" for name in missing)
        without = f"{NOT_ASKED}no server pod runs on {nodes}" if missing else "no answer"
        seen = self.given.get((who, question), without)
        if self.evidence and (first := self.at_first.get((who, question))):
            self.evidence(AT_FIRST, first)
        if seen.startswith(NOT_ASKED):
            pytest.skip(seen)
        assert seen == "ok", f"{seen}; look at {look}"


def is_wrong(seen: str) -> bool:
    return seen != "ok" and not seen.startswith(NOT_ASKED)


def answers_in(output: str) -> dict[str, str]:
    """The lines of a script: question, a tab, what it came to."""
    return dict(line.partition("\t")[::2] for line in output.splitlines() if "\t" in line)
