"""Documents as they have to be; `GOLDEN=update pytest tests/unit` writes them anew, and the diff is for review."""

from __future__ import annotations

import os
from pathlib import Path

DIRECTORY = Path(__file__).parent
UPDATE = os.environ.get("GOLDEN") == "update"


def golden(name: str, text: str) -> str:
    """The document of that name; with GOLDEN=update it is written first."""
    path = DIRECTORY / name
    if UPDATE:
        path.write_text(text)
    return path.read_text() if path.exists() else f"there is no {path.name}; write it with GOLDEN=update\n"
