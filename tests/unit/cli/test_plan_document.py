"""`underlay plan --json`: what programs read of a plan."""

from __future__ import annotations

import json

from underlay.artifacts.artifact import TrustedFile
from underlay.cli.plan import plan_document

KUBELET = "dl.k8s.io/release/v1.36.4/bin/linux/arm64/kubelet"
CHART = "helm.cilium.io/cilium-1.20.2.tgz"


def test_has_the_downloads_with_who_says_what_they_are() -> None:
    files = [
        TrustedFile(path=KUBELET, sha256="f" * 64, by="Underlay's lock", arch="arm64"),
        TrustedFile(path=CHART, sha256="a" * 64, by="inventories/mine.lock.json"),
    ]
    document = plan_document({"w-1": ["binary kubelet: absent -> 1.36.4"]}, ["w-1"], files, ["w-9"])
    assert json.loads(json.dumps(document)) == {
        "hosts": {"w-1": ["binary kubelet: absent -> 1.36.4"]},
        "rollout": ["w-1"],
        "downloads": [
            {"file": KUBELET, "arch": "arm64", "sha256": "f" * 64, "trusted_by": "Underlay's lock"},
            {"file": CHART, "arch": None, "sha256": "a" * 64, "trusted_by": "inventories/mine.lock.json"},
        ],
        "not_in_inventory": ["w-9"],
    }
