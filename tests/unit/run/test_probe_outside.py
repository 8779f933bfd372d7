"""Before anything is installed, hosts try the names that they download from: those that will, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pyinfra.api import Host
from pyinfra.context import ctx_state

from tests.unit.artifacts.artifacts_server import Upstream
from tests.unit.clusters import PaperArtifacts, spec
from underlay.findings.finding import Finding
from underlay.resources.answer import Answered, Unknown
from underlay.resources.binary import Binary, BinaryBuild
from underlay.resources.images import Images
from underlay.run.probe_outside import probe_outside
from underlay.run.run import InventoryVariables, Run, begin

PAUSE, ETCD = "registry.k8s.io/pause:3.10.2", "registry.k8s.io/etcd:3.7.0-0"
BEFORE, AFTER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
THERE, MISSING = Answered("missing:; uncached:"), Answered(f"missing: {PAUSE}; uncached:")


class MovedArtifacts(PaperArtifacts):
    """Every tag has moved."""

    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        return [(reference, BEFORE, AFTER) for reference in references]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def run(host: Host) -> Run:
    made = Run(InventoryVariables("x", {}, {}), spec=spec("flannel-vxlan"), artifacts=PaperArtifacts())
    begin(host.state, made)
    return made


def binary(url: str) -> Binary:
    build = BinaryBuild("amd64", "1" * 64, url=url)
    return Binary(path="/usr/local/bin/kubeadm", version="v1", builds=(build,), install="")


def images(upstream: Upstream) -> Images:
    urls = tuple((ref, f"{upstream.url}/v2/{ref.split('/')[1].replace(':', '/manifests/')}") for ref in (PAUSE, ETCD))
    return Images((PAUSE, ETCD), "", urls=urls)


def found(host: Host) -> list[Finding]:
    # As pyinfra does once the connection stands.
    host.state.activate_host(host)
    with ctx_state.use(host.state):
        return probe_outside(host.state)


def lines(host: Host) -> list[str]:
    return [f.line for f in found(host)]


def test_who_downloads_nothing_is_not_asked(host: Host, run: Run, upstream: Upstream) -> None:
    run.observed.resources["w-1"] = {
        binary(upstream.url + "/kubeadm"): Answered(f"x86_64 {'1' * 64}"),
        images(upstream): THERE,
        binary(""): Answered("x86_64 absent"),
        binary("http://127.0.0.1:1/unknown"): Unknown("no answer"),
    }
    assert found(host) == []
    assert upstream.requested == []
    assert run.log.executions == {}


def test_a_host_tries_each_name_once_and_says_which_it_cannot_reach(host: Host, run: Run, upstream: Upstream) -> None:
    url = upstream.put("kubeadm", b"x")
    run.observed.resources["w-1"] = {
        binary(url): Answered("x86_64 absent"),
        binary(upstream.put("kubelet", b"x")): Answered("x86_64 absent"),
        binary("http://localhost:1/runc"): Answered("x86_64 absent"),
    }
    (line,) = lines(host)
    assert line.startswith("w-1: localhost is not reached (localhost port 1: Connection refused); ")
    assert [path for path, _ in upstream.requested] == ["/kubeadm"]
    assert run.log.executions == {"w-1": 1}


def test_only_images_that_are_missing_are_asked_for(host: Host, run: Run, upstream: Upstream) -> None:
    run.observed.resources["w-1"] = {images(upstream): MISSING}
    (line,) = lines(host)
    assert line.startswith("w-1: 127.0.0.1 does not have /v2/pause/manifests/3.10.2; ")


def test_a_moved_tag_is_refused_with_both_digests(host: Host, run: Run, upstream: Upstream) -> None:
    run.artifacts = MovedArtifacts()
    upstream.put("v2/pause/manifests/3.10.2", b'{"config": {}}')
    run.observed.resources["w-1"] = {images(upstream): MISSING}
    moved = found(host)[0]
    assert moved.refuses
    assert (moved.hosts, moved.line) == (
        ("w-1",),
        f"w-1: the tag of {PAUSE} is {AFTER} now, and was {BEFORE} when it was locked; find out who moved it and why; to "
        "trust it, remove its entry from the lock beside the inventory",
    )
