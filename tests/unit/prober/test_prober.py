"""The prober over this machine's loopback: packets arrive, and lanes without a listener are recognised."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import zipfile
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from underlay.preflight.prober_script import _archive, finish_script, listen_script, probe_script
from underlay.prober.listener import Listener
from underlay.prober.sender import Sender

HERE, THERE = "127.0.0.1", "127.0.0.2"


def free(family: socket.AddressFamily, kind: socket.SocketKind, address: str) -> int:
    with socket.socket(family, kind) as made:
        made.bind((address, 0))
        return int(made.getsockname()[1])


def parts(here: str, there: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two hosts: the first asks, the second listens on the first two lanes of three."""
    family = socket.AF_INET6 if ":" in here else socket.AF_INET
    udp, tcp, closed = (
        free(family, kind, there) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_STREAM)
    )
    shared = {
        "run": "61626364",
        "lanes": [["udp", udp, "0800"], ["tcp", tcp, ""], ["tcp", closed, ""]],
        "carriers": [0],
    }
    asks = shared | {
        "me": 0,
        "address": here,
        "ceiling": 1500,
        "peers": {"1": there},
        "send": {"0": [1], "1": [1], "2": [1]},
    }
    return asks, shared | {"address": there, "listen": [0, 1]}


def serve(part: dict[str, Any]) -> Listener:
    listener = Listener(part)

    def forever() -> None:
        while True:
            listener.serve()

    threading.Thread(target=forever, daemon=True).start()
    return listener


@pytest.mark.parametrize(("here", "there"), [(HERE, THERE), ("::1", "::1")])
def test_what_is_listened_for_is_open_and_the_rest_refused(here: str, there: str) -> None:
    try:
        asks, listens = parts(here, there)
    except OSError:
        pytest.skip(f"this machine has no address {there}")
    listener = serve(listens)
    assert listener.taken == {}
    result = Sender(asks).run()[1]
    assert result["shut"] == {2: "refused"}
    assert result["sizes"] == [1500, 0]
    assert result["rtt"] < 1000
    [[sender, lane, count, source, ttl, largest]] = listener.log()["heard"]
    assert (sender, lane, count, source, ttl, largest) == (0, 0, 1, here, 64, 1500)
    assert [1, here, result["ports"][1]] in listener.log()["accepted"]


def test_a_port_in_use_is_reported() -> None:
    _, listens = parts(HERE, THERE)
    with socket.socket() as taken:
        taken.bind((THERE, listens["lanes"][1][1]))
        taken.listen()
        assert Listener(listens).taken == {1: "Address already in use"}


def test_silence_is_reported_after_the_timeout() -> None:
    asks, _ = parts(HERE, THERE)
    asks["send"] = {"0": [1]}
    with socket.socket(type=socket.SOCK_DGRAM) as mute:
        mute.bind((THERE, asks["lanes"][0][1]))
        began = time.monotonic()
        result = Sender(asks).run()[1]
    assert result["shut"] == {0: "silent"}
    assert result["sizes"] == [0, 0]
    assert result["packets"] < 25
    assert time.monotonic() - began < 10


def test_the_archive_holds_the_whole_program_and_is_small() -> None:
    data = b64decode(_archive())
    names = zipfile.ZipFile(BytesIO(data)).namelist()
    source = Path(sys.modules["underlay.prober"].__file__ or "").parent
    assert set(names) == {"__main__.py", *(f"prober/{p.name}" for p in source.glob("*.py"))}
    assert len(data) < 20_000


def test_nothing_but_the_smallest_standard_library_is_needed(tmp_path: Path) -> None:
    """What python3-minimal of Debian and Ubuntu lacks must not be imported."""
    path = tmp_path / "prober.pyz"
    path.write_bytes(b64decode(_archive()))
    code = (
        f"import sys; sys.path.insert(0, {str(path)!r}); sys.argv = ['x', 'probe', '/nowhere']\n"
        "try:\n    import prober.__main__\nexcept FileNotFoundError:\n    pass\n"
        "import json; print(json.dumps(sorted(m for m in sys.modules if '.' not in m)))"
    )
    ran = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=True)
    missing = {"ctypes", "tempfile", "asyncio", "resource", "multiprocessing", "sqlite3", "http", "xml", "unittest"}
    assert not missing & set(json.loads(ran.stdout))


@pytest.mark.parametrize("text", [listen_script({"a": 1}), probe_script(), finish_script({"a": 1})])
def test_what_a_host_runs_is_valid_shell(text: str) -> None:
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
