"""Every resource that a mode of Cilium lays down, accepted by a real API server that has Cilium's own definitions."""

from __future__ import annotations

import json
import os
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proof import saw
from tests.unit.clusters import cluster, dual_stack, one_rack, with_bgp
from tests.unit.networks.cilium.samples import CA, MODES, POLICY, WEST, cilium
from underlay.artifacts.build.compile import compile_recipe
from underlay.artifacts.build.recipes import GoRecipe
from underlay.artifacts.build.toolchain import ensure_go
from underlay.artifacts.home import architecture, build_directory
from underlay.model.addon import Object
from underlay.networks.cilium.versions import NEWEST, VERSIONS

from .crd_keys import keys_of
from .deployed import ROOT, Deployed

pytestmark = [pytest.mark.lab]

RECIPE = GoRecipe(
    name="cilium-crds",
    module="underlay.internal/build/cilium-crds",
    version=VERSIONS[NEWEST].chart,
    packages={"cilium-crds": "."},
)
SCHEMA = ROOT / "underlay/networks/schemas/cilium-1.20.2-crds.tsv"
KINDS = ("CiliumBGPAdvertisement", "CiliumBGPClusterConfig", "CiliumBGPPeerConfig", "CiliumEgressGatewayPolicy")
EGRESS = {"kube_proxy_replacement": True, "bpf_masquerade": True, "egress_gateway": True, "egress_policies": [POLICY]}
OWN: dict[str, dict[str, Any]] = {"cilium-egress-gateway": {"egress_policies": [POLICY]}}
MESH = {"cluster_id": 1, "cluster_name": "east", "mesh_clusters": [WEST], **CA}


@pytest.fixture(scope="module")
def definitions() -> Path:
    """A file with the definitions, written by a program built from Cilium's own module; kept until that changes."""
    kept = build_directory() / "cilium-crds" / RECIPE.key(architecture()) / "crds.yaml"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = compile_recipe(RECIPE, go=ensure_go(print), work=kept.parent, arch=architecture(), say=print)
        kept.write_text(subprocess.run([made["cilium-crds"]], capture_output=True, text=True, check=True).stdout)
    return kept


@pytest.fixture(scope="module")
def api(api_server: Deployed, definitions: Path) -> Deployed:
    """A control plane that knows Cilium's kinds."""
    api_server.kubectl("apply", "--server-side", "-f", str(definitions))
    api_server.kubectl("wait", "--for=condition=established", "--timeout=300s", "-f", str(definitions))
    return api_server


def apply(api: Deployed, items: list[Object], tmp_path: Path) -> str:
    return api.refusal(items, tmp_path / "objects.yaml")


def everything(mode: str) -> dict[str, Object]:
    """Each object of a mode once, by itself and with every feature that brings objects, on three clusters."""
    theirs = with_bgp(routers=tuple(type(r)(r.name, r.address, r.as_number, r.rack) for r in with_bgp().routers))
    clusters = (one_rack(), cluster(bgp=with_bgp(password="topsecret")), dual_stack(bgp=theirs))  # noqa: S106
    found = {}
    for settings in ({}, EGRESS, MESH):
        for on in clusters:
            addon = cilium(mode, **settings).addon(on)
            for item in (*addon.objects, *addon.after):
                found[json.dumps(item, sort_keys=True)] = item
    return found


def test_the_definitions_are_of_the_version_that_is_laid_down() -> None:
    required = (RECIPE.directory / "go.mod").read_text().splitlines()[-1]
    assert required == f"require github.com/cilium/cilium v{VERSIONS[NEWEST].chart}"


def test_the_kept_keys_are_those_of_the_definitions(definitions: Path) -> None:
    found = keys_of(yaml.safe_load_all(definitions.read_text()), frozenset(("cilium.io/v2", kind) for kind in KINDS))
    text = "\n".join([*found, ""])
    if os.environ.get("GOLDEN") == "update":
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text


def test_the_api_server_knows_all_kinds_of_cilium(api: Deployed) -> None:
    names = api.kubectl("get", "crd", "-o", "name").split()
    assert len([n for n in names if n.endswith(".cilium.io")]) == 22


@pytest.mark.parametrize("mode", MODES)
def test_every_object_of_a_mode_is_accepted(api: Deployed, mode: str, tmp_path: Path) -> None:
    objects = everything(mode)
    assert {o["kind"] for o in objects.values()} >= {"CiliumEgressGatewayPolicy", "Secret"}
    assert apply(api, list(objects.values()), tmp_path) == ""
    # Only of modes that are resources: of the others the chart would be the judge, and there is none here.
    if cilium(mode, **OWN.get(mode, {})).addon(one_rack()).after:
        saw(mode, 2, "its resources, by an API server with Cilium's own definitions")


def laid_down(kind: str) -> Object:
    return next(o for o in everything("cilium-bgp").values() if o["kind"] == kind)


@pytest.mark.parametrize(
    ("kind", "path", "wrong", "message"),
    [
        ("CiliumBGPClusterConfig", ("bgpInstances", 0, "peers", 0), {"peerAdress": "192.0.2.1"},
         ".peerAdress: field not declared in schema"),
        ("CiliumBGPPeerConfig", ("timers",), {"holdTime": 9}, ".spec.timers.holdTime: field not declared in schema"),
        ("CiliumBGPPeerConfig", ("timers",), {"holdTimeSeconds": 1}, "should be greater than or equal to 3"),
        ("CiliumBGPAdvertisement", ("advertisements", 0), {"selector": {}},
         "selector field is not allowed for the 'PodCIDR' advertisementType"),
        ("CiliumEgressGatewayPolicy", ("egressGateway",), {"egressIp": "192.0.2.1"},
         ".spec.egressGateway.egressIp: field not declared in schema"),
        ("CiliumEgressGatewayPolicy", ("egressGateway",), {"egressIP": "nowhere"},
         "egressIP must be a valid IP address"),
    ],
)  # fmt: skip
def test_a_misspelt_key_and_a_wrong_value_are_refused(
    api: Deployed, tmp_path: Path, kind: str, path: tuple[Any, ...], wrong: dict[str, Any], message: str
) -> None:
    item = deepcopy(laid_down(kind))
    place: Any = item["spec"]
    for step in path:
        place = place[step]
    place.update(wrong)
    assert message in apply(api, [item], tmp_path)
