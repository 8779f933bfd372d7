"""Who says what a file has to be: Underlay's lock, the site's, or upstream, on the first run and ever after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts import request, trust
from underlay.artifacts.error import ArtifactErrors
from underlay.artifacts.lock import ChartPin, Lock
from underlay.artifacts.request import RequestLimits
from underlay.artifacts.trust import Pins, Wanted, trusted

from .chart_samples import index, packed, sha256
from .upstream_world import World, program, publish_releases, upstream_world

KUBELET = "dl.k8s.io/release/v1.36.9/bin/linux/{arch}/kubelet"
CONTAINERD = "github.com/containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-{arch}.tar.gz"
PLUGINS = "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-{arch}-v1.9.1.tgz"
HELM = "get.helm.sh/helm-v4.3.1-linux-{arch}.tar.gz"
RUNC = "github.com/opencontainers/runc/releases/download/v1.5.2/runc.{arch}"
RUNC_SUMS = "github.com/opencontainers/runc/releases/download/v1.5.2/runc.sha256sum"
ALL = (KUBELET, CONTAINERD, PLUGINS, HELM, RUNC)
SUMS = [
    *(KUBELET.format(arch=arch) + ".sha256" for arch in ("amd64", "arm64")),
    *(CONTAINERD.format(arch=arch) + ".sha256sum" for arch in ("amd64", "arm64")),
    *(PLUGINS.format(arch=arch) + ".sha256" for arch in ("amd64", "arm64")),
    *(HELM.format(arch=arch) + ".sha256sum" for arch in ("amd64", "arm64")),
    RUNC_SUMS,
]
WANTED = Wanted(
    commands=frozenset(
        {
            ("kubelet", "1.36.9"),
            ("containerd", "2.4.2"),
            ("ctr", "2.4.2"),
            ("bridge", "1.9.1"),
            ("loopback", "1.9.1"),
            ("helm", "4.3.1"),
            ("runc", "1.5.2"),
        }
    )
)
A = "a" * 64
REMEDY = 'look at this machine\'s network and proxy, or name a mirror or a bundle as "source"'


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch) -> Lock:
    """Underlay's own lock, with nothing in it yet."""
    own = Lock({}, {}, {}, {})
    monkeypatch.setattr(trust, "read_lock", lambda: own)
    return own


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, product: Lock) -> Iterator[World]:
    monkeypatch.setattr(request, "RequestLimits", lambda: RequestLimits(connect=30, stall=30, tries=2, pause=0))
    with upstream_world(tmp_path) as made:
        publish_releases(made, kubernetes="1.36.9", containerd="2.4.2", cni="1.9.1", helm="4.3.1", runc="1.5.2")
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "mine.lock.json"


def look(lock: Path, wanted: Wanted = WANTED, **settings: Any) -> tuple[Pins, list[str]]:
    said: list[str] = []
    return trusted(wanted, prefix="https://", lock=lock, say=said.append, **settings), said


def refused(lock: Path, wanted: Wanted = WANTED, **settings: Any) -> list[str]:
    with pytest.raises(ArtifactErrors) as error:
        trusted(wanted, **({"prefix": "https://", "lock": lock} | settings))
    assert not any("\n" in problem for problem in error.value.problems)
    return list(error.value.problems)


def test_the_first_run_reads_every_checksum_once_and_keeps_it(world: World, lock: Path) -> None:
    pins, said = look(lock)
    assert world.paths == sorted(SUMS)
    published_files = {
        path.format(arch=arch): sha256(world.files["/" + path.format(arch=arch)])
        for path in ALL
        for arch in ("amd64", "arm64")
    }
    assert json.loads(lock.read_text())["files"] == published_files
    assert said == [
        f"10 checksums were read from upstream and are kept in {lock}: commit it, no others are accepted later"
    ]
    assert pins.file(KUBELET.format(arch="arm64")) == sha256(program("kubelet", "arm64"))
    assert {one.by for one in pins.trusted} == {f"upstream, just now; from now on {lock}"}


def test_the_second_run_asks_nobody(world: World, lock: Path) -> None:
    first, _ = look(lock)
    requests, written = len(world.requested), lock.stat().st_mtime_ns
    second, said = look(lock)
    assert (len(world.requested), lock.stat().st_mtime_ns, said) == (requests, written, [])
    assert second.files == first.files
    assert {one.by for one in second.trusted} == {str(lock)}


def test_what_underlays_own_lock_has_is_read_nowhere(world: World, lock: Path, product: Lock) -> None:
    for path in (KUBELET, CONTAINERD, PLUGINS):
        for arch in ("amd64", "arm64"):
            product.upstream[path.format(arch=arch)] = A
    pins, _ = look(lock)
    assert {path for path in world.paths if "kubelet" in path or "containerd" in path or "plugins" in path} == set()
    assert CONTAINERD.format(arch="amd64") not in json.loads(lock.read_text())["files"]
    by = {one.path: one.by for one in pins.trusted}
    assert by[CONTAINERD.format(arch="amd64")] == "Underlay's lock"
    assert by[HELM.format(arch="amd64")] == f"upstream, just now; from now on {lock}"


def test_a_value_that_underlays_lock_contradicts_is_refused_with_both(lock: Path, product: Lock) -> None:
    path = KUBELET.format(arch="amd64")
    lock.write_text(json.dumps({"format": 1, "files": {path: "b" * 64}}))
    product.upstream[path] = A
    (problem,) = refused(lock)
    assert problem.startswith(f"{lock}: {path} has changed (locked {'b' * 64}, Underlay's lock {A}); ")


def test_redirects_are_followed(world: World, lock: Path) -> None:
    path = KUBELET.format(arch="amd64") + ".sha256"
    world.put("cdn.dl.k8s.io/elsewhere", world.files["/" + path])
    world.put(path, b"", location="https://cdn.dl.k8s.io/elsewhere")
    look(lock)
    assert "cdn.dl.k8s.io/elsewhere" in world.paths


def only_kubelet(arch: str, why: str) -> str:
    return f"https://{KUBELET.format(arch=arch)}.sha256: {why}"


FAULTS: list[tuple[dict[str, Any], str]] = [
    (
        {"location": "http://cdn.dl.k8s.io/x"},
        "cannot be downloaded (it is redirected to http://cdn.dl.k8s.io/x, without",
    ),
    ({"status": 404}, f"cannot be downloaded (HTTP status 404); {REMEDY}"),
    ({"status": 503}, f"cannot be downloaded (HTTP status 503); {REMEDY}"),
    ({"cut_after": 20}, "cannot be downloaded (peer closed connection without sending complete message body"),
    ({"stall_after": 20}, "cannot be downloaded ("),
    (
        {"content": b"<html>log in</html>"},
        "has no sha256 of kubelet; look at it: a proxy may have answered in its place",
    ),
    ({"content": b""}, "has no sha256 of kubelet; look at it: a proxy may have answered in its place"),
    ({"content": b"x" * 70_000}, f"cannot be downloaded (it is longer than 65536 bytes); {REMEDY}"),
]


@pytest.mark.parametrize(("fault", "why"), FAULTS)
def test_a_checksum_that_cannot_be_read_is_one_line_and_nothing_is_kept(
    world: World, lock: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], why: str
) -> None:
    if "stall_after" in fault:
        monkeypatch.setattr(request, "RequestLimits", lambda: RequestLimits(connect=30, stall=4, tries=1))
    behaviour = dict(fault)
    content = behaviour.pop("content", A.encode())
    for arch in ("amd64", "arm64"):
        world.put(KUBELET.format(arch=arch) + ".sha256", content, **behaviour)
    (problem,) = refused(lock)
    assert problem.startswith(only_kubelet("amd64", why))
    assert not lock.exists()


def test_a_name_that_is_blocked_is_a_line_for_each_of_its_files(world: World, lock: Path) -> None:
    world.blocked.add("github.com")
    problems = refused(lock)
    assert [problem.partition(": ")[0] for problem in problems] == [
        f"https://{path}"
        for path in (
            PLUGINS.format(arch="amd64") + ".sha256",
            CONTAINERD.format(arch="amd64") + ".sha256sum",
            RUNC_SUMS,
        )
    ]
    assert all("cannot be downloaded (403 Forbidden); " in problem for problem in problems)


def test_a_connection_that_breaks_once_is_tried_again(world: World, lock: Path) -> None:
    path = KUBELET.format(arch="amd64") + ".sha256"
    world.put(path, world.files["/" + path], cut_after=20, times=1)
    world.put(RUNC_SUMS, world.files["/" + RUNC_SUMS], status=503, times=1)
    look(lock)
    assert world.paths.count(path) == world.paths.count(RUNC_SUMS) == 2


def test_a_certificate_of_somebody_else_is_refused(world: World, lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    problems = refused(lock)
    assert len(problems) == len(ALL)
    assert [problem for problem in problems if "certificate verify failed" not in problem] == []


def test_one_architecture_is_enough_and_the_other_says_what_is_missing(world: World, lock: Path) -> None:
    path = HELM.format(arch="arm64")
    del world.files[f"/{path}.sha256sum"]
    pins, _ = look(lock)
    assert path not in json.loads(lock.read_text())["files"]
    assert str(pins.missing[path]).startswith(f"https://{path}.sha256sum: cannot be downloaded (HTTP status 404)")


def test_locked_reads_nothing_and_refuses_what_is_in_no_lock(world: World, lock: Path) -> None:
    look(lock, Wanted(commands=frozenset({("kubelet", "1.36.9")})))
    requests = len(world.requested)
    problems = refused(lock, locked=True)
    assert len(world.requested) == requests
    assert problems[-1] == (
        f'{RUNC.format(arch="amd64")}: its checksum is in no lock (neither in Underlay\'s nor in {lock}, and "pins" is '
        f'"locked"); run `underlay lock` where upstream can be reached, look at what it adds to {lock}, and commit that'
    )
    assert len(problems) == len(ALL) - 1
    look(lock)
    pins, said = look(lock, locked=True)
    assert (len(pins.trusted), said) == (10, [])


def test_a_mirror_without_tls_is_believed_nothing_that_no_lock_says(world: World, lock: Path) -> None:
    problems = refused(lock, prefix="http://mirror.example/")
    assert (world.requested, len(problems)) == ([], len(ALL))
    assert problems[-1] == (
        f"{RUNC.format(arch='amd64')}: its checksum is in no lock (and what http://mirror.example/ says of it is not "
        "protected by TLS); use https://, or run `underlay lock` where upstream can be reached and commit what it "
        "writes"
    )
    look(lock)
    assert len(trusted(WANTED, prefix="http://mirror.example/", lock=lock).trusted) == 10


CILIUM = "https://helm.cilium.io/cilium@1.20.9"


def test_a_chart_is_trusted_as_a_command_is(world: World, lock: Path) -> None:
    chart = packed("cilium", "1.20.9")
    entry = {"name": "cilium", "version": "1.20.9", "urls": ["cilium-1.20.9.tgz"], "digest": sha256(chart)}
    world.put("helm.cilium.io/index.yaml", index({"cilium": [entry]}))
    world.put("helm.cilium.io/cilium-1.20.9.tgz", chart)
    wanted = Wanted(charts=frozenset({("cilium", "1.20.9", "https://helm.cilium.io")}))
    assert refused(lock, wanted, locked=True)[0].startswith(f"{CILIUM}: its checksum is in no lock (")
    pins, said = look(lock, wanted)
    assert pins.charts == {CILIUM: ChartPin("helm.cilium.io/cilium-1.20.9.tgz", sha256(chart))}
    assert json.loads(lock.read_text())["charts"][CILIUM]["sha256"] == sha256(chart)
    assert len(said) == 1
    requests = len(world.requested)
    assert look(lock, wanted)[0].charts == pins.charts
    assert len(world.requested) == requests


def test_a_chart_that_cannot_be_found_is_one_line(world: World, lock: Path) -> None:
    wanted = Wanted(charts=frozenset({("cilium", "1.20.9", "https://helm.cilium.io")}))
    assert refused(lock, wanted) == [
        f"https://helm.cilium.io/index.yaml: cannot be downloaded (HTTP status 404); {REMEDY}"
    ]
    assert not lock.exists()
