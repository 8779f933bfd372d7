"""How far the modes are proven, from the file that `make proof` writes."""

from __future__ import annotations

from pathlib import Path

from underlay.catalog.proof import Proofs, read_proofs

PROOF = Path(__file__).resolve().parents[1] / "catalog/proof.yaml"


def proofs() -> Proofs:
    """The proofs by mode; without the file, every mode is proven to render."""
    return read_proofs(PROOF.read_text(encoding="utf-8")) if PROOF.exists() else {}
