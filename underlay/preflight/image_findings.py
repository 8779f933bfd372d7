"""Findings about images that no source of the inventory supplies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from underlay.findings.finding import Finding, of_host
from underlay.inventory.spec import Spec
from underlay.plan.artifacts import Artifacts
from underlay.plan.cluster_objects import beside_network

_NAMED = 6
_PLUGIN = "io.containerd.cri.v1.images"


def unsupplied(spec: Spec, artifacts: Artifacts) -> tuple[str, ...]:
    """The images of the network and of what stands beside it that no source supplies, by their full names: nodes pull
    them."""
    addons = (spec.network.addon(spec.cluster), *beside_network(spec))
    return tuple(image for addon in addons for image in addon.not_among(map(artifacts.reference, addon.images)))


def image_findings(spec: Spec, artifacts: Artifacts) -> Iterator[Finding]:
    """Images that a cluster installed from a bundle pulls, where the inventory names no registry to pull them from."""
    named = {registry.host for registry in spec.cluster.registries}
    images = [image for image in unsupplied(spec, artifacts) if image.partition("/")[0] not in named]
    if spec.artifacts.get("source") != "bundle" or not images or _names_registry(spec.cluster.containerd):
        return
    yield of_host(
        "images-unsupplied",
        spec.cluster.first.name,
        f"the bundle lacks images of {spec.network.mode}, and the inventory names no registry for them "
        f"({_listed(images)}); serve them from a registry of the site and name it in `registries`, or accept "
        "images-unsupplied where nodes have them or reach their own registries",
    )


def _names_registry(containerd: Mapping[str, Any]) -> bool:
    return bool(containerd.get("plugins", {}).get(_PLUGIN, {}).get("registry"))


def _listed(images: Sequence[str]) -> str:
    more = f" and {len(images) - _NAMED} more" if len(images) > _NAMED else ""
    return f"{', '.join(images[:_NAMED])}{more}"
