"""Executables: verified, recorded, and read again when the file no longer matches its record."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import pytest

from tests.unit.local_host import OWNER, LocalHost, Shell
from underlay.resources.binary import BLOBS, RECORDS, Binary, BinaryBuild
from underlay.resources.file import place
from underlay.resources.resource import Upload

MACHINE = platform.machine()
ARCH, OTHER = ("arm64", "amd64") if MACHINE == "aarch64" else ("amd64", "arm64")
SHA = hashlib.sha256(b"new\n").hexdigest()


@pytest.fixture
def shell(shell: Shell, tmp_path: Path) -> Shell:
    shell.places = {RECORDS: str(tmp_path / "records"), BLOBS: str(tmp_path / "blobs")}
    return shell


@pytest.fixture
def binary(tmp_path: Path) -> Binary:
    path = str(tmp_path / "bin dir" / "prog")
    install = place('echo new >"$t"', path, mode="755", owner=OWNER)
    builds = (BinaryBuild(ARCH, SHA, blob=tmp_path / "blob"), BinaryBuild(OTHER, "1" * 64))
    return Binary(path=path, version="1.2.3", builds=builds, install=install)


def count_sums(shell: Shell, tmp_path: Path) -> Path:
    """Record every read of a file in the file returned."""
    log = tmp_path / "sums"
    log.touch()
    shell.program_is("sha256sum", f'echo read >>{log}; PATH=${{PATH#*:}} exec sha256sum "$@"')
    return log


def test_is_installed_and_then_as_declared(shell: Shell, local: LocalHost, binary: Binary) -> None:
    assert binary.sentence(shell.observe(binary)[0]) == f"binary {binary.path}: absent -> 1.2.3"
    assert binary.check(local) == f"{binary.path}: missing"
    for _ in range(2):
        assert shell.apply(binary).unmet == ()
    assert shell.observe(binary) == [f"{MACHINE} {SHA}"]
    assert binary.check(local) is None
    assert os.access(binary.path, os.X_OK)


def test_a_verified_file_is_not_read_again(shell: Shell, binary: Binary, tmp_path: Path) -> None:
    shell.apply(binary)
    sums = count_sums(shell, tmp_path)
    assert shell.observe(binary, binary) == [f"{MACHINE} {SHA}"] * 2
    assert sums.read_text() == ""


def test_a_file_changed_behind_the_record_is_found(shell: Shell, local: LocalHost, binary: Binary) -> None:
    shell.apply(binary)
    Path(binary.path).write_text("bad\n")
    assert binary.sentence(shell.observe(binary)[0]) == f"binary {binary.path}: different content -> 1.2.3"
    assert binary.check(local) == f"{binary.path}: checksum differs from that of 1.2.3"
    assert shell.apply(binary).unmet == ()
    assert shell.observe(binary) == [f"{MACHINE} {SHA}"]


def test_a_file_replaced_with_the_old_times_is_found(shell: Shell, binary: Binary) -> None:
    shell.apply(binary)
    path = Path(binary.path)
    was = path.stat()
    other = path.with_name("other")
    other.write_text("bad\n")
    other.replace(path)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert binary.difference(shell.observe(binary)[0]) == "different content -> 1.2.3"


def test_a_touched_file_is_read_and_found_to_be_the_same(shell: Shell, binary: Binary) -> None:
    shell.apply(binary)
    Path(binary.path).touch()
    assert binary.difference(shell.observe(binary)[0]) is None


@pytest.mark.parametrize("damage", ["", "\n", "garbage\n", "\0\0\0\0", f"{'0' * 64} 4 1"])
def test_a_damaged_record_only_costs_a_look(shell: Shell, binary: Binary, tmp_path: Path, damage: str) -> None:
    shell.apply(binary)
    record = next((tmp_path / "records").iterdir())
    record.write_text(damage)
    assert shell.observe(binary) == [f"{MACHINE} {SHA}"]


@pytest.mark.parametrize("there", ["absent", "recorded", "changed"])
def test_says_truly_whether_the_blob_is_cached(shell: Shell, binary: Binary, tmp_path: Path, there: str) -> None:
    if there != "absent":
        shell.apply(binary)
    if there == "changed":
        Path(binary.path).write_text("bad\n")
    (tmp_path / "blobs").mkdir()
    now = shell.observe(binary)[0]
    assert binary.uploads(now) == (Upload(tmp_path / "blob", SHA),)
    (tmp_path / "blobs" / SHA).touch()
    cached = shell.observe(binary)[0]
    assert cached == f"{now} cached"
    assert binary.uploads(cached) == ()


def test_a_failed_install_leaves_the_old_file_and_its_record(shell: Shell, binary: Binary, tmp_path: Path) -> None:
    shell.apply(binary)
    broken = Binary(binary.path, "2.0.0", (BinaryBuild(ARCH, "0" * 64),), install="echo 'checksum differs' >&2; exit 1")
    outcome, err = shell.apply_and_tell(broken)
    assert outcome.failed == broken
    assert err == "checksum differs\n"
    assert shell.observe(binary) == [f"{MACHINE} {SHA}"]


def test_removing_takes_the_record_too(shell: Shell, binary: Binary, tmp_path: Path) -> None:
    shell.apply(binary)
    for _ in range(2):
        assert shell.run("set -eu\n" + binary.remove()).rc == 0
    assert shell.observe(binary) == [f"{MACHINE} absent"]
    assert list((tmp_path / "records").iterdir()) == []


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        (f"{MACHINE} {SHA}", None),
        (f"{MACHINE} {SHA} cached", None),
        (f"{MACHINE} absent", "absent -> 1.2.3"),
        (f"{MACHINE} absent cached", "absent -> 1.2.3"),
        ("", "nothing for an unknown architecture -> 1.2.3"),
        (f"riscv64 {SHA}", "nothing for riscv64 -> 1.2.3"),
        (f"{MACHINE} {'0' * 64}", "different content -> 1.2.3"),
    ],
)
def test_reports_what_differs(binary: Binary, observed: str, difference: str | None) -> None:
    assert binary.difference(observed) == difference


def test_nothing_is_uploaded_where_the_host_fetches_itself() -> None:
    assert Binary("/x", "1", (BinaryBuild(ARCH, SHA),), install="curl …").uploads("absent") == ()


ARCHIVE = "c" * 64


@pytest.fixture
def unpacked(tmp_path: Path) -> Binary:
    """A command out of an archive: its own checksum is published nowhere."""
    path = str(tmp_path / "bin" / "ctr")
    install = place('echo new >"$t"', path, mode="755", owner=OWNER)
    builds = (BinaryBuild(ARCH, ARCHIVE, "bin/ctr"), BinaryBuild(OTHER, "d" * 64, "bin/ctr"))
    return Binary(path=path, version="1.2.3", builds=builds, install=install)


def test_a_member_is_known_by_the_archive_it_was_unpacked_from(shell: Shell, unpacked: Binary, tmp_path: Path) -> None:
    assert unpacked.difference(shell.observe(unpacked)[0]) == "absent -> 1.2.3"
    assert shell.apply(unpacked).unmet == ()
    sums = count_sums(shell, tmp_path)
    assert shell.observe(unpacked) == [f"{MACHINE} {SHA} of {ARCHIVE} bin/ctr"]
    assert sums.read_text() == ""
    assert unpacked.uploads("absent") == ()


@pytest.mark.parametrize(
    "build",
    [BinaryBuild(ARCH, "e" * 64, "bin/ctr"), BinaryBuild(ARCH, ARCHIVE, "bin/ctr2"), BinaryBuild(ARCH, ARCHIVE)],
)
def test_a_member_of_another_archive_is_another_file(shell: Shell, unpacked: Binary, build: BinaryBuild) -> None:
    shell.apply(unpacked)
    newer = Binary(unpacked.path, "2.0.0", (build,), install="false")
    assert newer.difference(shell.observe(newer)[0]) == "different content -> 2.0.0"


@pytest.mark.parametrize("damage", ["", "garbage\n", f"{SHA} 4 1\n", f"{'0' * 64} 4 1\n{ARCHIVE} bin/ctr\n"])
def test_a_member_with_a_damaged_record_is_unpacked_again(
    shell: Shell, unpacked: Binary, tmp_path: Path, damage: str
) -> None:
    shell.apply(unpacked)
    record = next((tmp_path / "records").iterdir())
    record.write_text(damage)
    assert unpacked.difference(shell.observe(unpacked)[0]) == "different content -> 1.2.3"
    assert shell.apply(unpacked).unmet == ()


def test_a_member_changed_behind_its_record_is_found(shell: Shell, unpacked: Binary) -> None:
    shell.apply(unpacked)
    Path(unpacked.path).write_text("bad\n")
    assert unpacked.difference(shell.observe(unpacked)[0]) == "different content -> 1.2.3"
    Path(unpacked.path).write_text("new\n")
    assert unpacked.difference(shell.observe(unpacked)[0]) is None


def test_a_members_check_compares_it_with_what_was_unpacked(
    shell: Shell, unpacked: Binary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, local: LocalHost
) -> None:
    shell.apply(unpacked)
    monkeypatch.setattr("underlay.resources.binary.RECORDS", str(tmp_path / "records"))
    assert unpacked.check(local) is None
    Path(unpacked.path).write_text("bad\n")
    assert unpacked.check(local) == f"{unpacked.path}: checksum differs from that of 1.2.3"


def test_a_host_takes_the_build_for_its_own_architecture(binary: Binary) -> None:
    builds = (BinaryBuild("amd64", "1" * 64), BinaryBuild("arm64", "2" * 64))
    mixed = Binary(binary.path, "1.2.3", builds, install="false")
    assert mixed.difference(f"x86_64 {'1' * 64}") is mixed.difference(f"aarch64 {'2' * 64}") is None
    assert mixed.difference(f"aarch64 {'1' * 64}") == "different content -> 1.2.3"
