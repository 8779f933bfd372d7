"""What is kept on the controller before it is changed or removed elsewhere: a private folder in the project."""

from __future__ import annotations

import re
import time
from pathlib import Path

from underlay.files import write_whole

from .run import current_run

BACKUPS = Path("backups")
_TIME = r"\d{8}-\d{6}"


def keep(what: str, content: str | bytes) -> Path:
    """Write a private file whole; its path.

    :raises OSError: when it cannot be written.
    """
    path = place(what)
    write_whole(path, content, mode=0o600)
    return path


def place(what: str) -> Path:
    """A file of now, in a folder that is there: `CLUSTER-TIME-WHAT`, in UTC.

    :raises OSError: when the folder cannot be made.
    """
    BACKUPS.mkdir(mode=0o700, exist_ok=True)
    began = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return BACKUPS / f"{_cluster()}-{began}-{what}"


def older(what: str, kept: int) -> list[Path]:
    """The cluster's files of that kind but for the last ones, the oldest first."""
    name = re.compile(f"{re.escape(_cluster())}-{_TIME}-{re.escape(what)}")
    found = sorted(p for p in BACKUPS.iterdir() if name.fullmatch(p.name))
    return found[: max(0, len(found) - kept)]


def _cluster() -> str:
    return current_run().spec.cluster.name
