"""Blobs are copied over the session of a script: whole, or not at all."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import cast

import pytest
from pyinfra.api import Host

from underlay.resources.binary import BLOBS
from underlay.resources.resource import Upload
from underlay.run import converge
from underlay.run.command import ScriptResult
from underlay.run.converge import _contents, _push, _receive_script


def uploads(directory: Path) -> list[Upload]:
    found = []
    for number, content in enumerate((b"x" * 700_000, b"", b"\0\n'" * 1000)):
        (path := directory / f"blob{number}").write_bytes(content)
        found.append(Upload(source=path, sha256=hashlib.sha256(content).hexdigest()))
    return found


def received(there: Path, wanted: list[Upload], data: bytes) -> subprocess.CompletedProcess[bytes]:
    script = _receive_script(wanted).replace(BLOBS, str(there))
    return subprocess.run(["sh", "-c", script], input=data, capture_output=True, check=False)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (found := tmp_path / "there").mkdir()
    return found


def test_all_arrive_under_their_checksums(tmp_path: Path, there: Path) -> None:
    wanted = uploads(tmp_path)
    assert received(there, wanted, b"".join(_contents(wanted))).returncode == 0
    assert {p.name: p.read_bytes() for p in there.iterdir()} == {u.sha256: u.source.read_bytes() for u in wanted}


@pytest.mark.parametrize("length", [0, 1, 300_000, 699_999, 700_001])
def test_what_did_not_arrive_whole_leaves_nothing(tmp_path: Path, there: Path, length: int) -> None:
    wanted = uploads(tmp_path)
    assert received(there, wanted, b"".join(_contents(wanted))[:length]).returncode == 1
    assert {p.name for p in there.iterdir()} <= {u.sha256 for u in wanted}


def test_another_content_leaves_nothing(tmp_path: Path, there: Path) -> None:
    wanted = uploads(tmp_path)
    ran = received(there, wanted, b"".join(_contents(wanted)).replace(b"x", b"y"))
    assert ran.returncode == 1
    assert b"FAILED" in ran.stdout + ran.stderr
    assert list(there.iterdir()) == []


@pytest.mark.parametrize("number", [0, 2])
def test_a_file_that_cannot_be_written_is_named_with_the_hosts_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    wanted = uploads(tmp_path)
    said = "head: error writing 'standard output': No space left on device"
    space = ScriptResult(0, ("  9000",), ())
    full = ScriptResult(1, ("@received",) * number, (said,))
    replies = iter([space, full])
    monkeypatch.setattr(converge, "run_script", lambda *_, **__: next(replies))
    assert _push(cast(Host, None), wanted, {}) == (
        f"blob{number} cannot be written to {BLOBS}/{wanted[number].sha256} ({said}); run again"
    )


def test_each_file_that_arrives_is_confirmed(tmp_path: Path, there: Path) -> None:
    wanted = uploads(tmp_path)
    data = b"".join(_contents(wanted))
    assert received(there, wanted, data).stdout == b"@received\n" * 3
    assert received(there, wanted, data[:700_001]).stdout == b"@received\n" * 2
