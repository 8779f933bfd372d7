"""What is applied differs for a moment where the cluster's controllers work on: it is applied once more, then told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyinfra.context import ctx_state

from underlay.resources.file import File
from underlay.resources.objects import Objects
from underlay.resources.resource import Resource
from underlay.run import converge
from underlay.run.command import ScriptResult

from .answering_hosts import Answering

FLANNEL = Objects("flannel-vxlan", (), rollouts=(("kube-flannel", "daemonset/kube-flannel-ds"),))
# Generation, observed generation, wanted, updated, ready.
WHOLE = "same @kube-flannel/DaemonSet/kube-flannel-ds:1:1:2:2:2"
JUST_NOTICED = "same @kube-flannel/DaemonSet/kube-flannel-ds:1:1:2:2:0"


def applied(monkeypatch: pytest.MonkeyPatch, resource: Resource, observed: list[str]) -> tuple[str | None, list[str]]:
    """Why applying it failed, and the scripts that ran, where it is observed as these lines one after the other."""
    ran = []

    def run(_host: Any, script: str, _arguments: Any) -> ScriptResult:
        ran.append(script)
        return ScriptResult(0, ("@done 0", f"@0 {observed[len(ran) - 1]}", "@0=0 "), ())

    monkeypatch.setattr(converge, "run_script", run)
    host = cast(Any, SimpleNamespace(name="cp-1", log=lambda _: None))
    with ctx_state.use(Answering().state):
        return converge.apply(host, [(resource, "absent")], {}, among=[resource]), ran


def test_a_daemonset_that_has_just_noticed_its_nodes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert applied(monkeypatch, FLANNEL, [WHOLE])[0] is None
    reason, ran = applied(monkeypatch, FLANNEL, [JUST_NOTICED, WHOLE])
    assert reason is None
    assert len(ran) == 2
    assert "kubectl --kubeconfig=/etc/kubernetes/admin.conf rollout status" in ran[1]


def test_what_stays_so_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    reason, ran = applied(monkeypatch, FLANNEL, [JUST_NOTICED] * 3)
    assert reason is not None
    assert reason.endswith("wait for DaemonSet kube-flannel-ds: 0 of 2 pods are ready")
    assert len(ran) == 2


def test_what_is_the_host_s_own_is_applied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reason, ran = applied(monkeypatch, File("/etc/motd", "x\n"), ["absent", "absent"])
    assert reason is not None
    assert len(ran) == 1
