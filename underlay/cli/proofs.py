"""How far the modes are proven, from the file that the runs write."""

from __future__ import annotations

from pathlib import Path

from underlay.catalog.proof import Proofs, read_proofs

PROOF = Path(__file__).resolve().parents[1] / "catalog/proof.yaml"


def proofs() -> Proofs:
    """What the runs wrote; without the file, that every mode renders."""
    return read_proofs(PROOF.read_text(encoding="utf-8")) if PROOF.exists() else {}
