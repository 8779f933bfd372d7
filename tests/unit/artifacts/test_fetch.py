"""The shell by which a host installs a command, run here under sh against a server that fails in realistic ways."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest

from .artifacts_server import Upstream
from .fetch_host import CONTENT, OLD, PATH, SHA256, Host, assert_untouched


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


def test_a_host_of_another_architecture_is_refused_by_name(host: Host, upstream: Upstream) -> None:
    ran = host.fetch(upstream.put(PATH, CONTENT), machine="riscv64")
    assert ran.stderr == f"underlay: {host.dest}: nothing is published for riscv64\n"
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
