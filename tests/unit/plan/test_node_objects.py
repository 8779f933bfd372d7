"""Nodes that were deleted are created as they were; nodes whose kubelets are gone are told to be."""

from __future__ import annotations

import json
import re

from tests.unit.clusters import cluster
from underlay.plan.node_objects import register_script, silence_script
from underlay.resources.answer import Absent, Answer, Answered


def host(bridge: str = "", *, listed: str = "") -> dict[str, Answer]:
    links = [{"ifname": "eth0", "mtu": 1500, "addr_info": [{"local": "192.0.2.1", "prefixlen": 24}]}]
    if bridge:
        address, _, prefix = bridge.partition("/")
        links.append({"ifname": "cni0", "mtu": 1450, "addr_info": [{"local": address, "prefixlen": int(prefix)}]})
    return {"addresses": Answered(json.dumps(links)), "nodes": Answered(listed) if listed else Absent()}


def created(script: str) -> list[dict[str, object]]:
    text = script.partition("<<'END'\n")[2].partition("\nEND\n")[0]
    return [json.loads(document) for document in text.split("\n---\n")]


def test_a_node_gets_back_the_pod_subnet_that_its_pods_have() -> None:
    answers = {"cp-1": host("10.244.0.1/24", listed="w-2|192.0.2.3|True|10.244.2.0/24;"), "w-1": host("10.244.1.1/24")}
    script = register_script(cluster(), cluster().nodes[:2], answers)
    first, worker = created(script)
    assert first["metadata"] == {
        "name": "cp-1",
        "labels": {
            "node-role.kubernetes.io/control-plane": "",
            "node.kubernetes.io/exclude-from-external-load-balancers": "",
        },
    }
    assert first["spec"] == {
        "podCIDR": "10.244.0.0/24",
        "podCIDRs": ["10.244.0.0/24"],
        "taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}],
    }
    assert worker == {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "w-1"},
        "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]},
    }
    # A kubelet that reads of a node without room for pods ends its static pods: etcd, the API server.
    for name in ("cp-1", "w-1"):
        assert re.search(
            rf"patch node {name} --subresource=status -p '.*\"allocatable\": {{.*\"pods\": \"110\"", script
        )


def test_a_pod_subnet_that_another_node_has_been_given_is_not_taken_from_it() -> None:
    answers = {"cp-1": host(listed="w-2|192.0.2.3|True|10.244.1.0/24;"), "w-1": host("10.244.1.1/24")}
    [worker] = created(register_script(cluster(), [cluster().node("w-1")], answers))
    assert worker["spec"] == {}


def test_a_bridge_of_somebody_elses_gives_no_pod_subnet() -> None:
    answers = {"cp-1": host(), "w-1": host("10.88.0.1/16")}
    [worker] = created(register_script(cluster(), [cluster().node("w-1")], answers))
    assert worker["spec"] == {}


def test_a_node_that_joins_again_is_first_marked_as_gone() -> None:
    line = silence_script(["w-1"])
    assert "patch node w-1 --subresource=status" in line
    assert '"type": "Ready", "status": "Unknown"' in line
    assert silence_script([]) == ""
