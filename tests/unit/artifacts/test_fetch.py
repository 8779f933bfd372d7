"""The shell by which a host installs a command, run here under sh against a server that fails in realistic ways."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts.artifact import Archive, BinaryArtifact, ChartArtifact
from underlay.artifacts.fetch import DownloadLimits, chart_script, fetch_script, place_script

from .artifacts_server import Upstream, leftovers

CONTENT = b"#!/bin/sh\n" + os.urandom(200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = "dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubeadm"
OLD = b"the version before\n"


@dataclass
class Host:
    """A host, as far as the script sees it: a place for the command and a cache."""

    root: Path
    dest: Path
    cache: Path

    def fetch(
        self, url: str, *, sha256: str = SHA256, archive: Archive | None = None, tries: int = 1
    ) -> subprocess.CompletedProcess[str]:
        binary = BinaryArtifact(name="kubeadm", version="1.37.2", arch="amd64", sha256=sha256, url=url, archive=archive)
        limits = DownloadLimits(tries=tries, pause=0, stall=1)
        script = fetch_script(binary, str(self.dest), "755", str(self.cache), limits=limits)
        return self.run(script)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        return subprocess.run(["sh", "-s"], input=script, text=True, capture_output=True, check=False, env=environment)

    @property
    def files(self) -> list[str]:
        return leftovers(self.root)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    root = tmp_path / "a host's $root"
    dest = root / "bin" / "kubeadm"
    dest.parent.mkdir(parents=True)
    dest.write_bytes(OLD)
    return Host(root, dest, root / "cache")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def assert_untouched(host: Host, *, partial: str | None = None) -> None:
    assert host.dest.read_bytes() == OLD
    assert host.files == sorted(["bin/kubeadm", *([f"cache/partial/{partial}"] if partial else [])])


def test_installs_a_file_with_its_mode_and_leaves_nothing_else(host: Host, upstream: Upstream) -> None:
    ran = host.fetch(upstream.put(PATH, CONTENT))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert host.dest.read_bytes() == CONTENT
    assert host.dest.stat().st_mode & 0o777 == 0o755
    assert host.files == ["bin/kubeadm"]


def test_does_nothing_when_the_right_file_is_there(host: Host, upstream: Upstream) -> None:
    url = upstream.put(PATH, CONTENT)
    host.fetch(url)
    before, requested = host.dest.stat(), len(upstream.requested)
    assert host.fetch(url).returncode == 0
    assert (host.dest.stat().st_ino, host.dest.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(upstream.requested) == requested


def test_names_the_url_of_a_file_that_is_not_there(host: Host, upstream: Upstream) -> None:
    ran = host.fetch(f"{upstream.url}/{PATH}", tries=3)
    assert ran.returncode == 1
    assert ran.stderr == (
        f"underlay: {upstream.url}/{PATH}: the server answered 404 (tried 1 times); "
        "nothing was changed, run it again to resume\n"
    )
    assert_untouched(host)


def test_tries_again_when_the_server_is_busy(host: Host, upstream: Upstream) -> None:
    ran = host.fetch(upstream.put(PATH, CONTENT, status=503, times=2), tries=3)
    assert ran.returncode == 0
    assert host.dest.read_bytes() == CONTENT
    assert len(upstream.requested) == 3


def test_gives_up_on_a_busy_server_after_its_tries(host: Host, upstream: Upstream) -> None:
    ran = host.fetch(upstream.put(PATH, CONTENT, status=503), tries=2)
    assert "the server answered 503 (tried 2 times)" in ran.stderr
    assert_untouched(host)


def test_refuses_a_file_with_another_checksum_and_forgets_it(host: Host, upstream: Upstream) -> None:
    other = b"x" * 1000
    url = upstream.put(PATH, other)
    ran = host.fetch(url)
    assert ran.returncode == 1
    for part in (url, SHA256, hashlib.sha256(other).hexdigest()):
        assert part in ran.stderr
    assert_untouched(host)


def test_refuses_a_truncated_file(host: Host, upstream: Upstream) -> None:
    ran = host.fetch(upstream.put(PATH, CONTENT[:1000]))
    assert "the file differs from its pin" in ran.stderr
    assert_untouched(host)


def test_resumes_an_interrupted_download(host: Host, upstream: Upstream) -> None:
    url = upstream.put(PATH, CONTENT, cut_after=120_000, times=1)
    ran = host.fetch(url)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"underlay: {url}: the connection was interrupted after 120000 bytes")
    assert_untouched(host, partial=SHA256)
    assert host.fetch(url).returncode == 0
    assert host.dest.read_bytes() == CONTENT
    assert upstream.served[f"/{PATH}"] == len(CONTENT)
    assert upstream.requested[-1][1] == "bytes=120000-"
    assert host.files == ["bin/kubeadm"]


def test_resumes_within_one_run(host: Host, upstream: Upstream) -> None:
    ran = host.fetch(upstream.put(PATH, CONTENT, cut_after=50_000, times=3), tries=5)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert upstream.served[f"/{PATH}"] == len(CONTENT)


def test_starts_again_when_the_server_has_no_ranges(host: Host, upstream: Upstream) -> None:
    url = upstream.put(PATH, CONTENT, cut_after=1000, times=1)
    host.fetch(url)
    upstream.put(PATH, CONTENT, ranges=False)
    assert host.fetch(url).returncode == 0
    assert host.dest.read_bytes() == CONTENT


def test_starts_again_when_the_partial_file_is_longer_than_the_real_one(host: Host, upstream: Upstream) -> None:
    partial = host.cache / "partial" / SHA256
    partial.parent.mkdir(parents=True)
    partial.write_bytes(CONTENT + b"more")
    assert host.fetch(upstream.put(PATH, CONTENT)).returncode == 0
    assert host.dest.read_bytes() == CONTENT


def test_uses_a_complete_partial_file_without_a_request(host: Host, upstream: Upstream) -> None:
    partial = host.cache / "partial" / SHA256
    partial.parent.mkdir(parents=True)
    partial.write_bytes(CONTENT)
    assert host.fetch(f"{upstream.url}/{PATH}").returncode == 0
    assert upstream.requested == []


def test_gives_up_on_a_stalled_server_and_says_so(host: Host, upstream: Upstream) -> None:
    url = upstream.put(PATH, CONTENT, stall_after=500, times=1)
    ran = host.fetch(url)
    assert ran.stderr.startswith(f"underlay: {url}: too slow, less than 1024 bytes a second for 1 seconds")
    assert_untouched(host, partial=SHA256)
    assert host.fetch(url).returncode == 0
    assert upstream.served[f"/{PATH}"] == len(CONTENT)


def test_says_that_a_server_is_not_there(host: Host) -> None:
    ran = host.fetch("http://127.0.0.1:1/kubeadm")
    assert ran.stderr.startswith("underlay: http://127.0.0.1:1/kubeadm: the server cannot be reached (tried 1 times)")
    assert_untouched(host)


def test_says_that_a_name_cannot_be_resolved(host: Host) -> None:
    ran = host.fetch("http://does-not-exist.invalid/kubeadm")
    assert "cannot be resolved" in ran.stderr or "the server answered" in ran.stderr  # a proxy may answer
    assert_untouched(host)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system: needs root")
def test_says_that_the_disk_is_full_and_keeps_what_was_there(host: Host, upstream: Upstream) -> None:
    url = upstream.put(PATH, CONTENT)
    host.cache.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(host.cache)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no mount here")
    try:
        ran = host.fetch(url)
        assert ran.returncode == 1
        assert ran.stderr.startswith(f"underlay: {url}: the file cannot be written (0 MiB free on ")
        assert host.dest.read_bytes() == OLD
    finally:
        subprocess.run(["umount", str(host.cache)], check=True)
    assert host.fetch(url).returncode == 0


def archive_of(member: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_unpacks_a_command_from_an_archive_and_downloads_it_once_for_all_members(
    host: Host, upstream: Upstream
) -> None:
    packed = archive_of("./bridge", CONTENT)
    path = "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz"
    url = upstream.put(path, packed)
    digest = hashlib.sha256(packed).hexdigest()
    archive = Archive(sha256=digest, member="./bridge")
    assert host.fetch(url, archive=archive).returncode == 0
    assert host.dest.read_bytes() == CONTENT
    host.dest.write_bytes(OLD)
    assert host.fetch(url, archive=archive).returncode == 0
    assert len(upstream.requested) == 1
    assert host.files == ["bin/kubeadm", f"cache/archives/{digest}"]


def test_refuses_an_archive_without_the_member(host: Host, upstream: Upstream) -> None:
    packed = archive_of("./other", CONTENT)
    url = upstream.put("a.tgz", packed)
    digest = hashlib.sha256(packed).hexdigest()
    ran = host.fetch(url, archive=Archive(sha256=digest, member="./bridge"))
    assert ran.returncode == 1
    assert f"./bridge cannot be unpacked from {url}" in ran.stderr
    assert host.dest.read_bytes() == OLD
    assert host.files == ["bin/kubeadm", f"cache/archives/{digest}"]


def test_refuses_an_archive_with_another_checksum(host: Host, upstream: Upstream) -> None:
    url = upstream.put("a.tgz", archive_of("./bridge", CONTENT))
    ran = host.fetch(url, archive=Archive(sha256="0" * 64, member="./bridge"))
    assert ran.returncode == 1
    assert "0" * 64 in ran.stderr
    assert url in ran.stderr
    assert_untouched(host)


def put_blob(host: Host, content: bytes, name: str = SHA256) -> None:
    blob = host.cache / "blobs" / "sha256" / name
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)


def test_places_a_blob(host: Host) -> None:
    put_blob(host, CONTENT)
    ran = host.run(place_script(SHA256, str(host.dest), "750", str(host.cache)))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert host.dest.read_bytes() == CONTENT
    assert host.dest.stat().st_mode & 0o777 == 0o750
    assert host.files == ["bin/kubeadm", f"cache/blobs/sha256/{SHA256}"]


def test_refuses_a_damaged_blob(host: Host) -> None:
    put_blob(host, b"!" + CONTENT[1:])
    ran = host.run(place_script(SHA256, str(host.dest), "755", str(host.cache)))
    assert ran.returncode == 1
    assert "the file differs from its pin" in ran.stderr
    assert host.dest.read_bytes() == OLD
    assert host.files == ["bin/kubeadm", f"cache/blobs/sha256/{SHA256}"]


def test_says_that_a_blob_was_not_sent(host: Host) -> None:
    ran = host.run(place_script(SHA256, str(host.dest), "755", str(host.cache)))
    assert ran.returncode == 1
    assert f"cache/blobs/sha256/{SHA256} is not on this host" in ran.stderr
    assert_untouched(host)


def test_removes_the_temporary_file_of_a_killed_run(host: Host) -> None:
    put_blob(host, CONTENT)
    (host.dest.parent / ".kubeadm.underlay").write_bytes(b"half")
    assert host.run(place_script(SHA256, str(host.dest), "755", str(host.cache))).returncode == 0
    assert host.files == ["bin/kubeadm", f"cache/blobs/sha256/{SHA256}"]


def test_a_failure_ends_a_script_that_stops_at_errors(host: Host) -> None:
    ran = host.run("set -e\n" + place_script(SHA256, str(host.dest), "755", str(host.cache)) + "\necho went on")
    assert ran.returncode == 1
    assert ran.stdout == ""


BLOB = f"quay.io/v2/charts/plugin/blobs/sha256:{SHA256}"


def chart(**where: Any) -> ChartArtifact:
    return ChartArtifact(name="plugin", version="1.0.0", sha256=SHA256, **where)


def test_a_chart_is_downloaded_like_a_command(host: Host, upstream: Upstream) -> None:
    dest = host.root / "charts" / "plugin.tgz"
    url = upstream.put("charts.example/plugin-1.0.0.tgz", CONTENT, cut_after=100_000, times=1)
    script = chart_script(chart(url=url), str(dest), str(host.cache), limits=DownloadLimits(tries=2, pause=0))
    ran = host.run(script)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert dest.read_bytes() == CONTENT
    assert dest.stat().st_mode & 0o777 == 0o644
    assert host.files == ["bin/kubeadm", "charts/plugin.tgz"]


def test_a_chart_that_was_pushed_is_placed(host: Host, tmp_path: Path) -> None:
    put_blob(host, CONTENT)
    ran = host.run(chart_script(chart(blob=tmp_path / "here"), str(host.dest), str(host.cache)))
    assert (ran.returncode, host.dest.read_bytes()) == (0, CONTENT)


def test_an_anonymous_token_is_fetched_if_the_registry_requires_one(host: Host, upstream: Upstream) -> None:
    upstream.put("token", b'{"expires_in": 300,\n "token": "abc.d-e_f"}')
    url = upstream.put(BLOB, CONTENT, wants="abc.d-e_f")
    ran = host.run(chart_script(chart(url=url), str(host.dest), str(host.cache)))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert host.dest.read_bytes() == CONTENT
    requested = [path.lower() for path, _ in upstream.requested]
    assert "/token?service=registry.example&scope=repository%3acharts%2fx%3apull" in requested
    assert host.files == ["bin/kubeadm"]


@pytest.mark.parametrize("token", [b'{"access_token": "other"}', b"<html>", None])
def test_a_registry_that_refuses_the_token_is_reported(host: Host, upstream: Upstream, token: bytes | None) -> None:
    if token:
        upstream.put("token", token)
    url = upstream.put(BLOB, CONTENT, wants="abc")
    script = chart_script(chart(url=url), str(host.dest), str(host.cache), limits=DownloadLimits(tries=3, pause=0))
    ran = host.run(script)
    assert ran.stderr == (
        f"underlay: {url}: the server answered 401 (tried 1 times); nothing was changed, run it again to resume\n"
    )
    assert_untouched(host)
