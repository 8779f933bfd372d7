"""What a host requests when it is installed from upstream: names as upstream's own scripts and charts have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.unit.clusters import spec
from underlay.artifacts.lock import read_lock
from underlay.artifacts.site_lock import SiteLock, record
from underlay.machines import ARCHITECTURES
from underlay.plan.host_plan import node_plan
from underlay.resources.binary import Binary
from underlay.run.artifacts import artifacts_of
from underlay.run.artifacts_named import NotedArtifacts


def test_preflight_knows_every_name_that_a_bare_host_downloads_from(tmp_path: Path) -> None:
    made = replace(spec("flannel-vxlan"), artifacts={"source": "upstream"})
    noted = NotedArtifacts(kubernetes_version="v1.37.2")
    node_plan(made, made.cluster.first, noted)
    paths = {d.path for arch in ARCHITECTURES for d in noted.wanted.downloads(arch)} - read_lock().upstream.keys()
    record(tmp_path / "mine.lock.json", SiteLock(files=dict.fromkeys(paths, "1" * 64)))
    artifacts = artifacts_of(made, lock=tmp_path / "mine.lock.json")
    resources = node_plan(made, made.cluster.first, artifacts).resources
    urls = {u for r in resources for u in r.downloads("x86_64 absent" if isinstance(r, Binary) else "")}
    assert {urlsplit(url).netloc for url in urls} == {"dl.k8s.io", "github.com", "registry.k8s.io", "ghcr.io"}
    assert "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubelet" in urls
    assert "https://registry.k8s.io/v2/kube-apiserver/manifests/v1.37.2" in urls
