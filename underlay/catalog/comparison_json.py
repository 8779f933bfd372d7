"""A mode's comparison as plain data, for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .comparison import Comparison


def plain(mode: Comparison) -> dict[str, Any]:
    """What JSON carries; the traits beside the rest, the proof with its word."""
    found = asdict(mode)
    traits = found.pop("traits")
    return {
        **found,
        **{key: list(value) if isinstance(value, tuple) else value for key, value in traits.items()},
        "kernel_since": mode.kernel,
        "proof": {**found["proof"], "word": mode.proof.word},
    }
