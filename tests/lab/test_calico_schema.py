"""Every resource that a Calico mode lays down, in every shape, accepted by a real API server with strict validation.

As far as truth goes here: the API server, its validation and server-side apply are real, the definitions are made of
the keys that are kept of Calico v3.32.1 (see calico_crds). No operator runs: of what it makes, nothing is shown.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.proof import saw
from tests.unit.clusters import cluster, network, with_bgp
from tests.unit.networks.calico.shapes import MODES, objects, shapes
from underlay.model.addon import Object
from underlay.networks.calico.objects import CALICO, NAMESPACE, OPERATOR
from underlay.resources.objects import Objects
from underlay.resources.script import observe_script, read_observations, sentence

from .calico_crds import definitions
from .deployed import Deployed

pytestmark = [pytest.mark.lab]


@pytest.fixture(scope="module")
def api(api_server: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """A control plane that knows Calico's kinds."""
    path = tmp_path_factory.mktemp("crds") / "crds.json"
    path.write_text(as_list(definitions()))
    api_server.kubectl("apply", "--server-side", "-f", str(path))
    api_server.kubectl("wait", "--for=condition=established", "--timeout=300s", "-f", str(path))
    api_server.kubectl("create", "namespace", NAMESPACE)
    return api_server


def as_list(items: list[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def refusal(api: Deployed, items: list[Object], path: Path) -> str:
    return api.refusal(items, path, "--dry-run=server")


def test_no_definition_lets_anything_through() -> None:
    made = definitions()
    assert {d["spec"]["names"]["kind"] for d in made} == {
        "APIServer", "BGPConfiguration", "BGPFilter", "BGPPeer", "FelixConfiguration", "IPPool", "Installation",
        "KubeControllersConfiguration"}  # fmt: skip
    assert "preserve-unknown-fields" not in json.dumps(made)


@pytest.mark.parametrize("mode", MODES)
def test_every_object_of_a_mode_is_accepted(api: Deployed, mode: str, tmp_path: Path) -> None:
    distinct = {
        json.dumps(item, sort_keys=True): item for s in shapes() if s.network.mode == mode for item in objects(s)
    }
    assert {o["kind"] for o in distinct.values()} >= {"Installation", "FelixConfiguration", "APIServer"}
    assert refusal(api, list(distinct.values()), tmp_path / "objects.yaml") == ""
    saw(mode, 2, "its resources, by an API server with definitions made of the keys of Calico v3.32.1; no operator ran")


def of_kind(api_version: str, kind: str) -> Object:
    addon = network("calico-bgp", encryption="wireguard").addon(cluster(bgp=with_bgp()))
    return next(o for o in addon.after if (o["apiVersion"], o["kind"]) == (api_version, kind))


@pytest.mark.parametrize(
    ("api_version", "kind", "path", "wrong", "message"),
    [
        (OPERATOR, "Installation", ("calicoNetwork",), {"linuxDatplane": "BPF"},
         ".spec.calicoNetwork.linuxDatplane: field not declared in schema"),
        (OPERATOR, "Installation", ("calicoNetwork", "ipPools", 0), {"encapsulation": "IPinIP"},
         'Unsupported value: "IPinIP"'),
        (OPERATOR, "Installation", ("calicoNetwork",), {"mtu": "1450"}, "expected numeric"),
        (CALICO, "FelixConfiguration", (), {"wireguardEnable": True},
         ".spec.wireguardEnable: field not declared in schema"),
        (CALICO, "BGPPeer", (), {"peerIp": "192.0.2.1"}, ".spec.peerIp: field not declared in schema"),
        (CALICO, "BGPFilter", ("exportV4", 0), {"action": "Deny"}, 'Unsupported value: "Deny"'),
        (CALICO, "BGPConfiguration", (), {"nodeToNodeMesh": False},
         ".spec.nodeToNodeMesh: field not declared in schema"),
    ],
)  # fmt: skip
def test_a_misspelt_key_and_a_wrong_value_are_refused(
    api: Deployed,
    tmp_path: Path,
    api_version: str,
    kind: str,
    path: tuple[Any, ...],
    wrong: dict[str, Any],
    message: str,
) -> None:
    item = deepcopy(of_kind(api_version, kind))
    place: Any = item["spec"]
    for step in path:
        place = place[step]
    place.update(wrong)
    assert message in refusal(api, [item], tmp_path / "wrong.yaml")


def test_laid_down_for_real_they_are_found_unchanged(api: Deployed) -> None:
    """Nothing is dropped or added by the API server: a second run has nothing to do."""
    addon = network("calico-bgp").addon(cluster(bgp=with_bgp()))
    laid = Objects("calico", tuple(o for o in (*addon.objects, *addon.after) if o["kind"] != "Node"))
    api.ssh("cp-1", f"set -eu\n{laid.prelude}\n{laid.apply()}")
    (answer,) = read_observations([laid], api.ssh("cp-1", observe_script([laid])).splitlines())
    assert sentence(laid, answer) is None
    for item in laid.objects:
        kind = f"{item['kind'].lower()}s.{item['apiVersion'].partition('/')[0]}"
        found = json.loads(api.kubectl("get", kind, item["metadata"]["name"], "-o", "json"))
        assert found.get("spec") == item["spec"]


def test_a_nodes_as_and_rack_are_added_to_what_is_there(api: Deployed) -> None:
    addon = network("calico-bgp").addon(cluster(bgp=with_bgp()))
    marked = next(o for o in addon.objects if o["metadata"]["name"] == "cp-1")
    before = json.loads(api.kubectl("get", "node", "cp-1", "-o", "json"))
    laid = Objects("node", (marked,))
    api.ssh("cp-1", f"set -eu\n{laid.prelude}\n{laid.apply()}")
    after = json.loads(api.kubectl("get", "node", "cp-1", "-o", "json"))
    assert after["metadata"]["labels"] == before["metadata"]["labels"] | {"underlay/rack": "rack-1"}
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"] | {
        "projectcalico.org/ASNumber": "64513"
    }
    assert after["spec"] == before["spec"]
