"""Every key that a Calico mode sets is known to upstream's kinds, and so is every key of `values`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import network, one_rack
from underlay.networks.calico.keys import known
from underlay.networks.calico.objects import CALICO, OPERATOR

from .shapes import MODES, Shape, objects, shapes

SHAPES = list(shapes())


def test_every_mode_has_several_shapes() -> None:
    counts = {mode: sum(s.network.mode == mode for s in SHAPES) for mode in MODES}
    assert all(count > 10 for count in counts.values()), counts


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_every_key_is_known(shape: Shape) -> None:
    for item in objects(shape):
        if item["apiVersion"] not in (CALICO, OPERATOR) or item["kind"] == "APIServer":
            continue
        keys = known(item["apiVersion"], item["kind"], shape.network.version)
        assert list(keys.problems({"spec": item["spec"]}, where=item["kind"])) == []


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_no_two_objects_have_the_same_identity(shape: Shape) -> None:
    made = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in objects(shape)]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"FelixConfiguration": {"logSeverityScren": "Debug"}},
         ["network.values.FelixConfiguration.logSeverityScren: unknown key; did you mean logSeverityScreen?"]),
        ({"FelixConfiguration": {"bpfMapSizeRoute": "many"}},
         ["network.values.FelixConfiguration.bpfMapSizeRoute: wrong type (it is string); use integer"]),
        ({"Installation": {"calicoNetwork": {"hostPorts": "On"}}},
         ["network.values.Installation.calicoNetwork.hostPorts: unknown value (it is 'On'); use one of Enabled, Disabled"]),
        ({"Instalation": {}},
         ["network.values.Instalation: not a kind that values may change; use Installation, FelixConfiguration, "
          "BGPConfiguration"]),
        ({"Installation": {"calicoNetwork": {"bgp": "Enabled"}}},
         ["network.values.Installation.calicoNetwork.bgp: is determined by the mode; remove it"]),
        ({"Installation": {"calicoNetwork": {"bpfNetworkBootstrap": "Enabled"}}},
         ["network.values.Installation.calicoNetwork.bpfNetworkBootstrap: is determined by data_plane, which "
          "configures the API's address itself; remove it"]),
        ({"FelixConfiguration": {"programClusterRoutes": "Enabled"}},
         ["network.values.FelixConfiguration.programClusterRoutes: is determined by the mode, since the operator "
          "sets it for Felix and BIRD together; remove it"]),
        ({"BGPConfiguration": {"listenPort": 1179}},
         ["network.values.BGPConfiguration: has no effect, since calico-vxlan does not run BIRD; remove it"]),
        ({"Installation": {"registry": "r.example/"}, "FelixConfiguration": {"healthPort": 9098}}, []),
    ],
)  # fmt: skip
def test_values_are_validated_by_the_same_keys(values: dict[str, Any], expected: list[str]) -> None:
    assert network("calico-vxlan", values=values).problems(one_rack()) == expected


def test_a_key_of_the_newer_line_is_known_there_only() -> None:
    keys = {line: known(CALICO, "FelixConfiguration", line) for line in ("3.32", "3.33")}
    spec = {"spec": {"programClusterRoutes": "EnabledIPIPOnly"}}
    assert list(keys["3.33"].problems(spec, where="v")) == []
    assert list(keys["3.32"].problems(spec, where="v")) == [
        "v.spec.programClusterRoutes: unknown value (it is 'EnabledIPIPOnly'); use one of Enabled, Disabled"
    ]


def test_values_are_merged_over_the_modes() -> None:
    made = network("calico-ipip", values={
        "Installation": {"calicoNetwork": {"hostPorts": "Disabled"}},
        "BGPConfiguration": {"listenPort": 1179},
    })  # fmt: skip
    assert made.problems(one_rack()) == []
    specs = {o["kind"]: o["spec"] for o in made.addon(one_rack()).after}
    assert specs["BGPConfiguration"] == {"listenPort": 1179}
    assert specs["Installation"]["calicoNetwork"]["hostPorts"] == "Disabled"
    assert specs["Installation"]["calicoNetwork"]["bgp"] == "Enabled"
