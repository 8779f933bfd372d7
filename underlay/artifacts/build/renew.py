"""For who maintains this project: brings the sums of Go's modules in lock.json up to date with the build modules.

`python -m underlay.artifacts.build.renew`, after a go.mod has changed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from underlay.artifacts.buildable import buildable_versions
from underlay.artifacts.lock import LOCK_FILE, read_lock, write_lock

from .gomod import module_sum
from .recipes import go_recipes


def renew_sums(path: Path = LOCK_FILE) -> int:
    """Pin the sum of every module that is built; return how many."""
    sums: dict[str, str] = {}
    for version in buildable_versions():
        for recipe in go_recipes(version):
            sums |= module_sum(recipe)
    write_lock(replace(read_lock(path), go=sums), path)
    return len(sums)


if __name__ == "__main__":
    renew_sums()
