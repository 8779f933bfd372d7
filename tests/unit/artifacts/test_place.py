"""Archives, blobs that were pushed, and charts: unpacked and placed on a host."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts.artifact import ChartArtifact
from underlay.artifacts.fetch import DownloadLimits, chart_script, place_script

from .artifacts_server import Upstream
from .fetch_host import CONTENT, OLD, SHA256, Host, assert_untouched


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
    assert host.fetch(url, sha256=digest, member="./bridge").returncode == 0
    assert host.dest.read_bytes() == CONTENT
    host.dest.write_bytes(OLD)
    assert host.fetch(url, sha256=digest, member="./bridge").returncode == 0
    assert len(upstream.requested) == 1
    assert host.files == ["bin/kubeadm", f"cache/archives/{digest}"]


def test_refuses_an_archive_without_the_member(host: Host, upstream: Upstream) -> None:
    packed = archive_of("./other", CONTENT)
    url = upstream.put("a.tgz", packed)
    digest = hashlib.sha256(packed).hexdigest()
    ran = host.fetch(url, sha256=digest, member="./bridge")
    assert ran.returncode == 1
    assert f"./bridge cannot be unpacked from {url}" in ran.stderr
    assert host.dest.read_bytes() == OLD
    assert host.files == ["bin/kubeadm", f"cache/archives/{digest}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system: needs root")
def test_a_disk_that_fills_while_a_member_is_unpacked_leaves_the_old_file(
    host: Host, upstream: Upstream, tmp_path: Path
) -> None:
    packed = archive_of("./bridge", CONTENT)
    url, digest = upstream.put("a.tgz", packed), hashlib.sha256(packed).hexdigest()
    small = host.dest.parent
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no mount here")
    try:
        host.dest.write_bytes(OLD)
        ran = host.fetch(url, sha256=digest, member="./bridge")
        assert (ran.returncode, host.dest.read_bytes()) == (1, OLD)
        assert f"{host.dest}: ./bridge cannot be unpacked from {url} (0 MiB free on " in ran.stderr
        assert [p.name for p in small.iterdir()] == [host.dest.name]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_refuses_an_archive_with_another_checksum(host: Host, upstream: Upstream) -> None:
    url = upstream.put("a.tgz", archive_of("./bridge", CONTENT))
    ran = host.fetch(url, sha256="0" * 64, member="./bridge")
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
