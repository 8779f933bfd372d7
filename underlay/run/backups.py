"""What is kept on the controller before it is changed or removed elsewhere: a private folder in the project."""

from __future__ import annotations

import time
from pathlib import Path

from underlay.files import write_whole

from .run import current_run

BACKUPS = Path("backups")


def keep(what: str, content: str | bytes) -> Path:
    """Write a private file whole: `CLUSTER-TIME-WHAT`, in UTC; its path.

    :raises OSError: when it cannot be written.
    """
    BACKUPS.mkdir(mode=0o700, exist_ok=True)
    began = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    path = BACKUPS / f"{current_run().spec.cluster.name}-{began}-{what}"
    write_whole(path, content, mode=0o600)
    return path
