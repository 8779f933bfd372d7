"""Shell that copies the prober to a host, as one archive, and runs its steps."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

DIRECTORY = "/run/underlay-probe"
_SOURCE = Path(__file__).resolve().parents[1] / "prober"
_START = "import prober.__main__\n"

# A killed run may have left its listener; by now its process ID may be another's.
_CLEAN = f"""\
set -u; umask 077; d={DIRECTORY}
if [ -e $d/pid ] && grep -qs prober.pyz "/proc/$(cat $d/pid)/cmdline"; then kill -9 "$(cat $d/pid)"; fi
rm -rf $d; mkdir $d || exit 1
command -v python3 >/dev/null || {{ rm -rf $d; echo '{{"trouble": "python3 is not installed"}}'; exit 0; }}
"""


def listen_script(part: dict[str, Any]) -> str:
    """Shell that copies the prober to a host and starts its listener."""
    archive = f"base64 -d >$d/prober.pyz <<'END'\n{_archive()}\nEND\n"
    return f"{_CLEAN}{archive}{_plan(part)}{_run('listen')}"


def probe_script() -> str:
    """Shell that has the host probe its peers."""
    return f"d={DIRECTORY}\n{_run('probe')}"


def finish_script(part: dict[str, Any]) -> str:
    """Shell that prints what the listener received, stops it and removes the prober."""
    return f"umask 077; d={DIRECTORY}\n[ -d $d ] || exit 1\n{_plan(part)}{_run('finish')}"


def _plan(part: dict[str, Any]) -> str:
    return f"cat >$d/plan <<'END'\n{json.dumps(part)}\nEND\n"


def _run(step: str) -> str:
    return f"exec python3 -IS $d/prober.pyz {step} $d\n"


@cache
def _archive() -> str:
    """Base64 of a zip archive that Python runs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [
            ("__main__.py", _START),
            *((f"prober/{p.name}", p.read_text(encoding="utf-8")) for p in _SOURCE.glob("*.py")),
        ]:
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED, compresslevel=9)
    return base64.encodebytes(buffer.getvalue()).decode().strip()
