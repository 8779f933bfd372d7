"""How far each mode is proven: the ladder, and each mode's rung from `underlay/catalog/proof.yaml`, written by runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

# Each rung includes those below.
RUNGS = {
    1: ("renders", "what it applies is as reviewed, and the chart or CRD knows every key of it"),
    2: ("accepted", "a real API server, or the plugin's own program, accepts it"),
    3: ("pods talk", "pods reach one another across racks on a real kernel"),
    4: ("on the wire", "a capture shows this mode and no other"),
    5: ("repeatable", "a second run changes nothing"),
}


@dataclass(frozen=True)
class Proof:
    """`how` names the run that proved it; unit tests prove rung 1 for every mode.

    `machines` is what was seen on hosts with kernels of their own, empty where nothing was.
    """

    rung: int = 1
    how: str = "unit tests"
    date: str = ""
    commit: str = ""
    machines: str = ""

    @property
    def word(self) -> str:
        return RUNGS[self.rung][0]


Proofs = Mapping[str, Proof]


def read_proofs(text: str) -> Proofs:
    """Mode name -> proof, from the file's text."""
    return {
        mode: Proof(int(e["rung"]), *(str(e.get(name, "")) for name in ("how", "date", "commit", "machines")))
        for mode, e in (yaml.safe_load(text) or {}).items()
    }


def proof_of(mode: str, proofs: Proofs) -> Proof:
    return proofs.get(mode, Proof())
