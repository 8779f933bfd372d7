"""Print what a run of tests came to: `python -m tests.summary STATUS PART...`; exits 1 unless all ended well.

STATUS is the exit status of the whole, PART each that was to run.
"""

from __future__ import annotations

import sys

from rich.console import Console

from .record import junit, read
from .results import read as read_results
from .screen import Run, show


def main(arguments: list[str]) -> int:
    """Print the summary of the named parts."""
    status, *names = arguments
    results = {name: read_results(junit(name)) for name in names}
    run = Run(parts={name: read(name) for name in names}, results=results, status=int(status))
    console = Console()
    if not console.is_terminal:
        console.width = 120
    show(run, console)
    return 1 if run.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
