"""Changes that restart something on a cluster at work: the canary first, each node verified, stopped and gone on with.

The cluster is left with other settings of the kubelet: nothing of its group comes after.
"""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts.catalog import pinned_version

from .deployed import ROOT, Deployed, Run

pytestmark = [pytest.mark.lab]

CONCESSIONS = runpy.run_path(str(ROOT / "inventories/lab.py"))["_concessions"]
KUBELET = CONCESSIONS["kubelet"] | {"imageGCLowThresholdPercent": 98}
FEWER_PODS = KUBELET | {"maxPods": 60}
CONTAINERD = CONCESSIONS["containerd"] | {"debug": {"level": "info"}}
CANARY = {"canary": ["w-1"]}
# A pod of a Deployment that only w-1 may run, until the label is another's, and a budget that wants it there.
SHOP = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: default}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 0
      affinity:
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            preference: {{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [w-1]}}]}}
      containers:
      - {{name: web, image: "registry.k8s.io/e2e-test-images/agnhost:{pinned_version("agnhost")}", args: [pause]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: web-stays, namespace: default}}
spec: {{minAvailable: 1, selector: {{matchLabels: {{app: web}}}}}}
"""


def deploy(racks: Deployed, **cluster: Any) -> Run:
    return racks.deploy("--data", "verify=false", **cluster)


def steps(run: Run) -> list[str]:
    return [line.partition(": ")[2] for line in run.text.splitlines() if line.strip().startswith("rollout, step")]


def rolled(run: Run) -> str:
    """What the summary says of the rollout."""
    return next((line for line in run.text.splitlines() if line.startswith("rollout: ")), "")


def setting(racks: Deployed, node: str, name: str) -> Any:
    """A field of the configuration that a kubelet runs with, by its own word."""
    return json.loads(racks.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/configz"))["kubeletconfig"][name]


def started(racks: Deployed) -> dict[str, str]:
    """When the containers of each system pod were started."""
    pods = json.loads(racks.kubectl("get", "pods", "-n", "kube-system", "-o", "json"))["items"]
    return {
        p["metadata"]["name"]: ", ".join(c["state"]["running"]["startedAt"] for c in p["status"]["containerStatuses"])
        for p in pods
    }


def is_cordoned(racks: Deployed, node: str) -> bool:
    return racks.kubectl("get", "node", node, "-o", "jsonpath={.spec.unschedulable}") == "true"


def place_of_web(racks: Deployed) -> str:
    racks.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    return racks.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].spec.nodeName}")


def test_a_setting_reaches_the_canary_first_and_stops_no_pod(racks: Deployed) -> None:
    assert deploy(racks).code == 0
    plan = racks.underlay("plan", kubelet=KUBELET, rollout=CANARY)
    assert "rollout, because services of nodes are restarted: w-1 (canary); then w-2; then cp-1" in plan.text
    before = started(racks)
    run = deploy(racks, kubelet=KUBELET, rollout=CANARY)
    assert run.code == 0, run.end
    assert steps(run) == ["w-1 (canary)", "w-2", "cp-1"]
    assert rolled(run) == "rollout: verified: w-1, w-2, cp-1"
    assert {setting(racks, node, "imageGCLowThresholdPercent") for node in ("w-1", "w-2", "cp-1")} == {98}
    assert started(racks) == before
    assert racks.underlay("plan", kubelet=KUBELET, rollout=CANARY).code == 0


def test_a_budget_that_blocks_is_named_and_its_node_left_as_it_was(racks: Deployed, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    racks.kubectl("apply", "-f", str(tmp_path / "shop.yaml"))
    assert place_of_web(racks) == "w-1"
    run = deploy(racks, kubelet=FEWER_PODS, rollout={**CANARY, "drain_s": 8})
    assert run.code == 1
    assert "it was not drained within 8 s, because the disruption budget default/web-stays allows none" in run.text
    assert rolled(run) == "rollout: failed: w-1; left as they were: w-2, cp-1"
    assert not is_cordoned(racks, "w-1")
    assert setting(racks, "w-1", "maxPods") != 60
    racks.kubectl("delete", "pdb", "web-stays")


def test_a_canary_that_does_not_stay_up_stops_the_rollout_and_the_next_run_goes_on(racks: Deployed) -> None:
    declared = {"kubelet": FEWER_PODS, "containerd": CONTAINERD, "rollout": CANARY}
    # It starts, and ends four seconds later.
    drop_in = "/run/systemd/system/containerd.service.d/test.conf"
    racks.ssh("w-1", f"mkdir -p {drop_in.rpartition('/')[0]}; printf '[Service]\\nRuntimeMaxSec=4\\n' >{drop_in}")
    run = deploy(racks, **declared)
    assert run.code == 1
    # It is seen while it is down, does not answer, or is another process than before.
    problems = r"containerd([.]service: [a-z]+, expected active|[.]service .*does not stay up|: could not be asked)"
    assert re.search(rf"w-1.* rollout: .*{problems}", run.text), run.text
    assert steps(run) == ["w-1 (canary)"]
    assert rolled(run) == "rollout: failed: w-1; left as they were: w-2, cp-1"
    assert place_of_web(racks) == "w-2"
    assert (is_cordoned(racks, "w-1"), is_cordoned(racks, "w-2")) == (True, False)
    assert setting(racks, "w-2", "maxPods") != 60

    racks.ssh("w-1", f"rm {drop_in}; systemctl daemon-reload; systemctl restart containerd")
    plan = racks.underlay("plan", **declared)
    assert "cluster: uncordon w-1, which a rollout that was interrupted has cordoned" in plan.text
    run = deploy(racks, **declared)
    assert run.code == 0, run.end
    assert steps(run) == ["w-1 (canary)", "w-2", "cp-1"]
    assert rolled(run) == "rollout: verified: w-1, w-2, cp-1"
    assert place_of_web(racks) == "w-1"
    assert not is_cordoned(racks, "w-1")
    assert not is_cordoned(racks, "w-2")
    assert {setting(racks, node, "maxPods") for node in ("w-1", "w-2", "cp-1")} == {60}
