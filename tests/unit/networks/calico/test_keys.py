"""Every key that a Calico mode lays down is one that upstream's kinds know, and so is every key of a site."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import network, one_rack
from underlay.networks.calico.keys import known
from underlay.networks.calico.objects import CALICO, OPERATOR

from .shapes import MODES, Shape, objects, shapes

SHAPES = list(shapes())


def test_every_mode_is_shown_in_several_shapes() -> None:
    shown = {mode: sum(s.network.mode == mode for s in SHAPES) for mode in MODES}
    assert all(count > 10 for count in shown.values()), shown


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_every_key_is_known(shape: Shape) -> None:
    for item in objects(shape):
        if item["apiVersion"] not in (CALICO, OPERATOR) or item["kind"] == "APIServer":
            continue
        keys = known(item["apiVersion"], item["kind"], shape.network.version)
        assert list(keys.problems({"spec": item["spec"]}, where=item["kind"])) == []


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_nothing_of_the_same_identity_twice(shape: Shape) -> None:
    made = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in objects(shape)]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"FelixConfiguration": {"logSeverityScren": "Debug"}},
         ["network.values.FelixConfiguration.logSeverityScren: unknown key; did you mean logSeverityScreen?"]),
        ({"FelixConfiguration": {"bpfMapSizeRoute": "many"}},
         ["network.values.FelixConfiguration.bpfMapSizeRoute: wrong type (it is string); use integer"]),
        ({"Installation": {"calicoNetwork": {"hostPorts": "On"}}},
         ["network.values.Installation.calicoNetwork.hostPorts: unknown value (it is 'On'); use one of Enabled, Disabled"]),
        ({"Instalation": {}},
         ["network.values.Instalation: is no kind to be changed here; Installation, FelixConfiguration, "
          "BGPConfiguration are"]),
        ({"Installation": {"calicoNetwork": {"bgp": "Enabled"}}},
         ["network.values.Installation.calicoNetwork.bgp: is chosen by the mode; leave it out"]),
        ({"Installation": {"calicoNetwork": {"bpfNetworkBootstrap": "Enabled"}}},
         ["network.values.Installation.calicoNetwork.bpfNetworkBootstrap: is chosen by data_plane: the API's address "
          "is handed on, which rules this out; leave it out"]),
        ({"FelixConfiguration": {"programClusterRoutes": "Enabled"}},
         ["network.values.FelixConfiguration.programClusterRoutes: is chosen by the mode: the operator sets it for "
          "Felix and BIRD together; leave it out"]),
        ({"BGPConfiguration": {"listenPort": 1179}},
         ["network.values.BGPConfiguration: would be ignored, since calico-vxlan runs no BIRD; leave it out"]),
        ({"Installation": {"registry": "r.example/"}, "FelixConfiguration": {"healthPort": 9098}}, []),
    ],
)  # fmt: skip
def test_a_sites_values_are_held_against_the_same(values: dict[str, Any], told: list[str]) -> None:
    assert network("calico-vxlan", values=values).problems(one_rack()) == told


def test_a_value_of_the_newer_line_is_known_in_it_alone() -> None:
    keys = {line: known(CALICO, "FelixConfiguration", line) for line in ("3.32", "3.33")}
    spec = {"spec": {"programClusterRoutes": "EnabledIPIPOnly"}}
    assert list(keys["3.33"].problems(spec, where="v")) == []
    assert list(keys["3.32"].problems(spec, where="v")) == [
        "v.spec.programClusterRoutes: unknown value (it is 'EnabledIPIPOnly'); use one of Enabled, Disabled"
    ]


def test_a_sites_values_are_laid_over_ours() -> None:
    made = network("calico-ipip", values={
        "Installation": {"calicoNetwork": {"hostPorts": "Disabled"}},
        "BGPConfiguration": {"listenPort": 1179},
    })  # fmt: skip
    assert made.problems(one_rack()) == []
    specs = {o["kind"]: o["spec"] for o in made.addon(one_rack()).after}
    assert specs["BGPConfiguration"] == {"listenPort": 1179}
    assert specs["Installation"]["calicoNetwork"]["hostPorts"] == "Disabled"
    assert specs["Installation"]["calicoNetwork"]["bgp"] == "Enabled"
