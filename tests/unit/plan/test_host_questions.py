"""What a cluster's record and its tokens say to the next deploy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from underlay.plan.host_questions import left_tokens, recorded_problems


def test_a_clusters_record_is_compared() -> None:
    recorded = 'ConfigMap {"pod_subnet": "10.1.0.0/16"};;'
    assert recorded_problems(recorded, {"pod_subnet": "10.1.0.0/16"}) == []
    [line] = recorded_problems(recorded, {"pod_subnet": "10.2.0.0/16"})
    assert line == (
        "pod_subnet: the cluster was made with 10.1.0.0/16, the inventory has 10.2.0.0/16 (a deploy does not change it "
        "on a running cluster); restore the old value, or make a new cluster"
    )
    assert recorded_problems("", {"pod_subnet": "10.2.0.0/16"}) == []


@pytest.mark.parametrize(
    ("key", "old", "new", "differing"),
    [
        ("network", {"mode": "a", "vni": 1}, {"mode": "a", "vni": 7}, ["network.vni: the cluster was made with 1, the"]),
        ("network", {"mode": "a", "vni": 1}, {"mode": "b"}, ["network.mode: the cluster was made with a, the inventory"]),
        ("network", {"mode": "a"}, {"mode": "a", "ttl": None}, ["network.ttl: the cluster was made with none, the"]),
        ("kubelet", {"x": True, "y": 1}, {"x": False, "z": 1}, [
            "kubelet.x: the cluster was made with on, the inventory has off (",
            "kubelet.y: the cluster was made with 1, the inventory has none (",
            "kubelet.z: the cluster was made with none, the inventory has 1 (",
        ]),
    ],
)  # fmt: skip
def test_each_setting_that_differs_from_the_record_has_a_line(
    key: str, old: dict[str, Any], new: dict[str, Any], differing: list[str]
) -> None:
    lines = recorded_problems(f"ConfigMap {json.dumps({key: old})};;", {key: new})
    assert len(lines) == len(differing)
    assert all(line.startswith(start) for line, start in zip(lines, differing, strict=True))


def test_tokens_of_joins_that_were_cut_off_are_noticed() -> None:
    assert left_tokens("ConfigMap {};;Secret ;;")
    assert not left_tokens("ConfigMap {};;")
