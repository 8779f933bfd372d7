"""Images that a mode runs and no source of the inventory supplies; names and versions are those of the upstream releases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.clusters import network, one_rack, spec
from underlay.findings.codes import CODES, Severity
from underlay.model.registry import Registry
from underlay.networks.registry import modes
from underlay.preflight.image_findings import image_findings, unsupplied
from underlay.run.artifacts_named import NamedArtifacts

ARTIFACTS = NamedArtifacts(kubernetes_version="v1.37.2")
BUNDLE = {"source": "bundle", "path": "/b"}


def lines(mode: str, *, source: dict[str, str] = BUNDLE, **cluster: Any) -> list[str]:
    made = spec(mode)
    made = replace(made, artifacts=source, cluster=replace(made.cluster, **cluster))
    return [f"{f.where}: {f.text}" for f in image_findings(made, ARTIFACTS)]


# github.com/tigera/operator/releases v1.44.1 and v1.42.8; a cluster of v3.32.1 ran six images.
@pytest.mark.parametrize(
    ("settings", "images"),
    [
        (
            {},
            "quay.io/tigera/operator:v1.44.1 quay.io/calico/node:v3.33.1 quay.io/calico/calico:v3.33.1 "
            "quay.io/calico/third-party-cni-plugins:v3.33.1",
        ),
        (
            {"version": "3.32"},
            "quay.io/tigera/operator:v1.42.8 quay.io/calico/node:v3.32.4 quay.io/calico/cni:v3.32.4 "
            "quay.io/calico/typha:v3.32.4 quay.io/calico/kube-controllers:v3.32.4 quay.io/calico/apiserver:v3.32.4",
        ),
        (
            {"version": "3.32", "api_server": False, "values": {"Installation": {"registry": "r.example:5000/"}}},
            "quay.io/tigera/operator:v1.42.8 r.example:5000/calico/node:v3.32.4 r.example:5000/calico/cni:v3.32.4 "
            "r.example:5000/calico/typha:v3.32.4 r.example:5000/calico/kube-controllers:v3.32.4",
        ),
    ],
)
def test_calico_names_what_its_operator_runs(settings: dict[str, Any], images: str) -> None:
    assert network("calico-vxlan", **settings).addon(one_rack()).references == tuple(images.split())


# images/cilium/Dockerfile of v1.20.2 has Envoy's tag (CILIUM_ENVOY_IMAGE); mirrors of its chart 1.20.2 have the same.
CILIUM = (
    "quay.io/cilium/cilium:v1.20.2",
    "quay.io/cilium/operator-generic:v1.20.2",
    "quay.io/cilium/cilium-envoy:v1.37.6-1789133542-cbec91f666af0bf742da986d43832932dbb26b82",
)


def test_cilium_names_what_its_chart_runs() -> None:
    assert unsupplied(spec("cilium-vxlan"), ARTIFACTS) == CILIUM
    meshed = unsupplied(spec("cilium-cluster-mesh"), ARTIFACTS)
    assert set(meshed) == {*CILIUM, "quay.io/cilium/clustermesh-apiserver:v1.20.2"}


@pytest.mark.parametrize(
    ("settings", "images"),
    [
        # Of another release Envoy's tag is not known.
        ({"version": "1.20.1"}, ("cilium:v1.20.1", "operator-generic:v1.20.1", "cilium-envoy")),
        ({"version": "1.19"}, ("cilium:v1.19.5", "operator-generic:v1.19.5", "cilium-envoy")),
        ({"values": {"envoy": {"enabled": False}}}, ("cilium:v1.20.2", "operator-generic:v1.20.2")),
        (
            {"hubble": True, "values": {"hubble": {"relay": {"enabled": True}, "ui": {"enabled": True}}}},
            (
                *("cilium:v1.20.2", "operator-generic:v1.20.2", "hubble-relay:v1.20.2"),
                "cilium-envoy:v1.37.6-1789133542-cbec91f666af0bf742da986d43832932dbb26b82",
                *("hubble-ui", "hubble-ui-backend"),
            ),
        ),
    ],
)
def test_values_decide_which_images_the_chart_of_cilium_runs(settings: dict[str, Any], images: tuple[str, ...]) -> None:
    found = network("cilium-vxlan", **settings).addon(one_rack()).references
    assert found == tuple(f"quay.io/cilium/{name}" for name in images)


@pytest.mark.parametrize("mode", modes())
def test_every_mode_that_runs_pods_names_their_images(mode: str) -> None:
    addon = spec(mode).network.addon(spec(mode).cluster)
    assert bool(addon.references) == bool(addon.rollouts)
    assert bool(addon.pulled) == bool(addon.releases)
    assert set(map(ARTIFACTS.reference, addon.images)) <= set(addon.references)


def test_a_bundle_without_the_images_is_refused_where_no_registry_is_named() -> None:
    assert lines("weave-sleeve") == [
        "cp-1: the bundle lacks images of weave-sleeve, and the inventory names no registry for them "
        "(docker.io/rajchaudhuri/weave-kube:2.9.0, docker.io/rajchaudhuri/weave-npc:2.9.0); serve them from a registry of "
        "the site and name it in `registries`, or accept images-unsupplied where nodes have them or reach their own "
        "registries"
    ]
    assert CODES["images-unsupplied"].severity is Severity.REFUSES
    assert CODES["images-unsupplied"].acceptable


def test_nothing_is_found_where_the_images_can_come_from_somewhere() -> None:
    registry = {"plugins": {"io.containerd.cri.v1.images": {"registry": {"config_path": "/etc/containerd/certs.d"}}}}
    assert lines("calico-vxlan", containerd=registry) == []
    assert lines("calico-vxlan", registries=(Registry("quay.io", "https://r.example"),)) == []
    assert len(lines("calico-vxlan", registries=(Registry("docker.io", "https://r.example"),))) == 1
    assert lines("calico-vxlan", source={"source": "upstream"}) == []
    assert lines("flannel-vxlan") == []
    assert lines("none") == []
