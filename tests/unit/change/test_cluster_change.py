"""What goes from the cluster with a network, and what its record says while it changes."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.unit.clusters import network, one_rack, spec
from underlay.change.cluster_change import backup, begin, deletion, end, gone
from underlay.model.addon import Addon
from underlay.plan.cluster_objects import record
from underlay.plan.host_questions import recorded_problems


def addon(mode: str) -> Addon:
    return network(mode).addon(one_rack())


def test_what_both_networks_have_stays() -> None:
    assert gone(addon("flannel-vxlan"), addon("flannel-host-gw")) == []
    # The key stands in a Secret, which takes the place of the ConfigMap.
    kinds = [(o["kind"], o["metadata"]["name"]) for o in gone(addon("flannel-vxlan"), addon("flannel-ipsec"))]
    assert kinds == [("ConfigMap", "kube-flannel-cfg")]


def test_of_a_network_without_objects_all_go_the_namespace_last() -> None:
    objects = gone(addon("flannel-vxlan"), addon("routed"))
    assert (objects[0]["kind"], objects[-1]["kind"]) == ("DaemonSet", "Namespace")
    script = deletion(objects)
    assert "--ignore-not-found" in script
    # What is in a Secret has no business there.
    assert "net-conf.json" not in script


def test_a_backup_asks_for_each_object_where_it_is() -> None:
    script = backup(addon("flannel-vxlan").objects)
    assert "configmap underlay -n kube-system" in script
    assert "daemonset kube-flannel-ds -n kube-flannel" in script


def patch(script: str) -> dict[str, Any]:
    found = re.search(r" -p '(.*)' >/dev/null", script)
    assert found
    document: dict[str, Any] = json.loads(found[1])["data"]
    return document


def test_the_record_becomes_the_new_one_in_one_step_with_the_end_of_the_change() -> None:
    begun = patch(begin({"network": {"mode": "routed"}}, {"network": {"mode": "none"}}))
    assert json.loads(begun["change"]) == {"from": {"network": {"mode": "routed"}}, "to": {"network": {"mode": "none"}}}
    ended = patch(end(record(spec("none"))))
    assert ended["change"] is None
    assert json.loads(ended["spec"])["network"] == {"mode": "none"}


def test_a_deploy_names_the_way_and_is_refused_while_a_change_has_not_ended() -> None:
    declared = json.loads(json.dumps(record(spec("routed"))))
    was = json.dumps(record(spec("flannel-vxlan")))
    [line] = recorded_problems(f"ConfigMap {was};;Path 1500;;Change ;;", declared)
    assert line.endswith("restore the old value, or change the network: `underlay change`")
    [line] = recorded_problems(f'ConfigMap {was};;Path 1500;;Change {{"from": 1}};;', declared)
    assert line.startswith("network: a change of the network has not ended")
    assert (
        recorded_problems(f'ConfigMap {was};;Path 1500;;Change {{"from": 1}};;', declared, but=("Change", "network"))
        == []
    )
    # Routes may change by a deploy.
    other = {**json.loads(was), "routes": "other"}
    assert recorded_problems(f"ConfigMap {was};;Path 1500;;Change ;;", other) == []
