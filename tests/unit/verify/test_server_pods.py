"""Which verifications start server pods, and which use those of an earlier one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit import clusters
from underlay.inventory.spec import Spec, read_spec
from underlay.verify import server_pods
from underlay.verify.probe_objects import CHOSEN, NAME
from underlay.verify.server_pods import KEEP, KEPT


@dataclass
class OneNamespace:
    """An API server with the namespace of verifications alone, answered as kubectl does."""

    spec: Spec
    annotation: str = ""
    pods: dict[str, dict[str, str]] = field(default_factory=dict)
    """Node -> labels of its pod."""
    unready: str = ""
    silent: frozenset[str] = frozenset()
    commands: list[str] = field(default_factory=list)

    @property
    def nodes(self) -> Any:
        return self.spec.cluster.nodes

    def host(self, name: str, *, lane: str = "") -> Any:
        return SimpleNamespace(run=lambda _: SimpleNamespace(rc=0, stdout="", stderr=""))

    def kubectl(self, arguments: str, *, document: Any = None, lane: str = "") -> str:
        verb = arguments.split(maxsplit=1)[0]
        self.commands.append(verb)
        match verb:
            case "create":
                self.pods = {node.name: {"app": NAME} for node in self.nodes}
            case "delete":
                self.annotation, self.pods = "", {}
            case "annotate":
                self.annotation = arguments.partition(f"{KEPT}=")[2]
            case "label":
                for labels in self.pods.values():
                    labels.pop(CHOSEN, None)
            case "get":
                return self._get(arguments)
        return ""

    def _get(self, arguments: str) -> str:
        if "get namespace" in arguments:
            return self.annotation
        if "get events" in arguments:
            return json.dumps({"items": []})
        return json.dumps({"items": [self._pod(node, labels) for node, labels in self.pods.items()]})

    def _pod(self, node: str, labels: dict[str, str]) -> dict[str, Any]:
        return {
            "kind": "Pod",
            "metadata": {"name": f"probe-{node}", "labels": labels},
            "spec": {"nodeName": node},
            "status": {
                "podIPs": [{"ip": "10.244.0.2"}],
                "conditions": [{"type": "Ready", "status": "False" if node == self.unready else "True"}],
            },
        }


@pytest.fixture
def api() -> OneNamespace:
    return OneNamespace(read_spec(clusters.hosts(), clusters.groups()))


def verified(api: OneNamespace) -> bool:
    """Start and stop, as a verification does; whether it used pods that were there."""
    api.commands.clear()
    measured, _ = server_pods.start(api, "image")  # type: ignore[arg-type]
    server_pods.stop(api)  # type: ignore[arg-type]
    assert "create" not in api.commands or not measured.kept
    return measured.kept


def test_a_verification_leaves_nothing(api: OneNamespace) -> None:
    assert [verified(api), verified(api)] == [False, False]
    assert api.pods == {}


@pytest.fixture
def keeping(api: OneNamespace, monkeypatch: pytest.MonkeyPatch) -> OneNamespace:
    monkeypatch.setenv(KEEP, "yes")
    assert not verified(api)
    assert api.pods
    return api


def test_pods_that_were_kept_are_used(keeping: OneNamespace) -> None:
    assert verified(keeping)
    assert not {"create", "delete", "annotate", "label"} & set(keeping.commands)


def test_a_plain_verification_starts_new_ones_and_deletes_them(
    keeping: OneNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEEP)
    assert not verified(keeping)
    assert keeping.pods == {}


def test_one_that_is_not_ready_has_all_started_anew(keeping: OneNamespace) -> None:
    keeping.unready = "w-1"
    measured, _ = server_pods.start(keeping, "image")  # type: ignore[arg-type]
    assert "create" in keeping.commands
    assert not measured.kept
    # They are not whole: nobody is to use them.
    assert keeping.annotation == ""


def test_pods_of_another_network_are_not_used(keeping: OneNamespace) -> None:
    keeping.spec = replace(keeping.spec, network=clusters.network("flannel-udp"))
    assert not verified(keeping)
    assert verified(keeping)


def test_the_label_that_a_killed_verification_left_is_removed(keeping: OneNamespace) -> None:
    keeping.pods["w-1"][CHOSEN] = "yes"
    assert verified(keeping)
    assert all(CHOSEN not in labels for labels in keeping.pods.values())


def test_where_policies_are_enforced_nothing_is_kept(api: OneNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP, "yes")
    api.spec = replace(api.spec, network=clusters.network("cilium-vxlan"))
    assert [verified(api), verified(api)] == [False, False]
    assert api.pods == {}
