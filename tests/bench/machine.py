"""The machine and the moment a figure was measured on: without them a number says nothing."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def facts() -> tuple[str, ...]:
    """Cores, memory, kernel, date and commit, for beneath a table."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    where = f"{os.cpu_count()} cores, {pages / 2**30:.0f} GiB, Linux {os.uname().release} {os.uname().machine}"
    return (f"{where}; {time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit()}",)


def commit() -> str:
    """The commit at work, and whether what is measured differs from it."""
    head = _git("rev-parse", "--short", "HEAD") or "unknown"
    changed = _git("status", "--porcelain", "--", "*.py", ":!tests/unit", ":!tests/lab/test_*")
    return f"{head} with uncommitted changes" if changed else head


def load() -> str:
    """The load averages of the last one and five minutes; above the measurement's own they mean foreign work."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} ({five:.1f})"


def load_note(before: str) -> str:
    """The note beneath a table: how busy the machine was, as it was `before` and is now."""
    return f"load average over one (five) minutes: {before} before the counted runs, {load()} after"


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    return ran.stdout.strip()
