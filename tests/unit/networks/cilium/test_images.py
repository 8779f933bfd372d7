"""The images that preflight knows, held against every image that Cilium's chart can run, by its own keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.clusters import one_rack
from underlay.networks.known_keys import of_chart

from .samples import MODES, cilium

_IMAGE = ".image.repository"
# Every component of the chart 1.20.0 with an image (values.yaml), and the image that is named for it once its switch is
# on; None for those that no mode switches on.
COMPONENTS: dict[str, tuple[str, str | None]] = {
    "": ("", "cilium"),
    "operator": ("", "operator-generic"),
    "envoy": ("envoy.enabled", "cilium-envoy"),
    "clustermesh.apiserver": ("clustermesh.useAPIServer", "clustermesh-apiserver"),
    "hubble.relay": ("hubble.relay.enabled", "hubble-relay"),
    "hubble.ui.frontend": ("hubble.ui.enabled", "hubble-ui"),
    "hubble.ui.backend": ("hubble.ui.enabled", "hubble-ui-backend"),
    "authentication.mutual.spire.install.agent": ("authentication.mutual.spire.install.enabled", None),
    "authentication.mutual.spire.install.server": ("authentication.mutual.spire.install.enabled", None),
    "certgen": ("hubble.tls.auto.method", None),
    "encryption.ztunnel": ("encryption.ztunnel", None),
    "nodeinit": ("nodeinit.enabled", None),
    "preflight": ("preflight.enabled", None),
    "preflight.envoy": ("preflight.enabled", None),
    "standaloneDnsProxy": ("standaloneDnsProxy.enabled", None),
}


def test_every_image_of_the_chart_is_known() -> None:
    paths = [f".{path}" for path in of_chart("cilium-1.20.0.tsv").paths]
    assert {p.removesuffix(_IMAGE).removeprefix(".") for p in paths if p.endswith(_IMAGE)} == set(COMPONENTS)


@pytest.mark.parametrize("mode", MODES)
def test_what_a_mode_switches_on_is_named_and_nothing_else(mode: str) -> None:
    addon = cilium(mode).addon(one_rack())
    assert addon.release is not None
    values = addon.release.values
    switched = {image for switch, image in COMPONENTS.values() if not switch or _value(values, switch)}
    assert None not in switched
    named = {reference.rpartition("/")[2].partition(":")[0] for reference in addon.pulled}
    assert named == switched


def _value(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for part in path.split("."):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found
