"""A rollout over nodes that a test has written down: who waits, when it stops, what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pyinfra.api import Host
from pyinfra.context import ctx_state

from tests.unit.certificate_lines import DAY, YEAR, line
from underlay.inventory.rollout_settings import RolloutSettings
from underlay.plan.host_plan import HostPlan, Phase
from underlay.plan.rollout import Batch
from underlay.resources.file import File
from underlay.resources.kubeadm_certificates import KubeadmCertificates
from underlay.resources.resource import Resource
from underlay.resources.unit import Unit
from underlay.run import observe, rollout
from underlay.run.held import is_held, planned_batches
from underlay.run.observe import query_host
from underlay.run.run import RolloutResult

from .answering_hosts import Answering

CONFIG = File("/etc/x.conf", "a = 1\n")
RUNNING = "ActiveState=active UnitFileState=enabled NeedDaemonReload=no Loaded=current"
NAMES = ("cp-1", "w-1", "w-2")


@pytest.fixture(autouse=True)
def _written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "run_as_root", lambda host, _script, _arguments: host.reply())


def queried(
    *, stale: tuple[str, ...] = (), joining: str = "", cordoned: str = "", down: str = "", expiring: str = ""
) -> Answering:
    """Three nodes with a file and the unit that reads it; the file differs on those that are `stale`.

    `expiring` is the line of a certificate of the control-plane host.
    """
    answering = Answering()
    run = answering.run
    for name in NAMES:
        phases: dict[Phase, tuple[Resource, ...]] = {
            Phase.RUNTIME: (CONFIG, Unit("x.service", watches=(CONFIG.path,))),
            Phase.KUBERNETES: (KubeadmCertificates(),) if name == "cp-1" else (),
        }
        run._plans[name] = HostPlan(run.spec.cluster.node(name), run.plan_of(name).probes, phases)
    listed = [
        f"{name}|192.0.2.{n}|{name != down}|10.244.{n}.0/24|{'cordoned' if name == cordoned else ''};"
        for n, name in enumerate(NAMES, start=1)
        if name != joining
    ]
    said: dict[str, dict[str, str]] = {}
    for name in NAMES:
        checksum = "0000" if name in stale else CONFIG.sha256
        said[name] = {"file /etc/x.conf": f"644 root:root {checksum}", "unit x.service": RUNNING}
        if name != joining:
            kubelet = f"https://192.0.2.1:6443 0123456789abcdef {name}"
            said[name] |= {"member": "member ordinary 192.0.2.1:6443", "kubelet": kubelet}
    said["cp-1"]["nodes"] = "".join(listed)
    said["cp-1"][KubeadmCertificates().title] = expiring
    answering.said = said
    with ctx_state.use(answering.state):
        for host in hosts_of(answering):
            query_host(host)
    return answering


def hosts_of(answering: Answering) -> list[Host]:
    return list(answering.state.inventory.get_active_hosts())


def held(answering: Answering) -> list[str]:
    with ctx_state.use(answering.state):
        return [host.name for host in hosts_of(answering) if is_held(host)]


def steps(answering: Answering, **settings: Any) -> list[str]:
    answering.run.spec = replace(answering.run.spec, rollout=RolloutSettings(**settings))
    with ctx_state.use(answering.state):
        return list(map(str, planned_batches(answering.run, hosts_of(answering))))


def test_a_node_on_which_something_is_restarted_waits_for_its_turn() -> None:
    assert held(queried(stale=("w-1",))) == ["w-1"]
    assert held(queried()) == []


def test_a_control_plane_host_whose_certificates_are_renewed_waits_for_its_turn() -> None:
    soon = line("/etc/kubernetes/pki/apiserver.crt", end=datetime.now(UTC) + DAY, life=YEAR).strip()
    answering = queried(expiring=soon)
    assert held(answering) == ["cp-1"]
    assert steps(answering) == ["cp-1"]


def test_a_host_that_only_joins_does_not_wait() -> None:
    assert held(queried(stale=("w-1", "w-2"), joining="w-2")) == ["w-1"]


def test_nothing_is_rolled_out_where_nothing_is_restarted() -> None:
    assert steps(queried(), canary=["w-1"]) == []


def test_a_canary_of_an_earlier_run_is_verified_again() -> None:
    assert steps(queried(stale=("w-2",)), canary=["w-1"]) == ["w-1 (canary)", "w-2"]
    assert steps(queried(stale=("w-2",), joining="w-1"), canary=["w-1"]) == ["w-2"]


def test_a_node_that_an_interrupted_rollout_has_cordoned_has_a_turn() -> None:
    assert steps(queried(cordoned="w-2")) == ["w-2"]


@dataclass
class Turn:
    """A turn that ends as the test has it."""

    host: Host
    first: Host
    is_worker: bool
    is_left_cordoned: bool = False
    changed: bool = True

    def change(self) -> str:
        CALLS.append(self.host.name)
        return FAILS.get(self.host.name, "")

    def end(self) -> str:
        return ""


CALLS: list[str] = []
FAILS: dict[str, str] = {}


def rolled(
    monkeypatch: pytest.MonkeyPatch, answering: Answering, fails: dict[str, str], **settings: Any
) -> RolloutResult:
    CALLS.clear()
    FAILS.clear()
    FAILS.update(fails)
    hosts = hosts_of(answering)
    answering.run.spec = replace(answering.run.spec, rollout=RolloutSettings(**settings))
    monkeypatch.setattr(rollout, "NodeTurn", Turn)
    monkeypatch.setattr(rollout, "check_hosts", lambda _run, _state, names: {name: [] for name in names})

    class Inventory:
        def __iter__(self) -> Any:
            return iter(hosts)

    answering.state.inventory = cast(Any, Inventory())
    with ctx_state.use(answering.state):
        rollout.roll_out(answering.state, hosts)
        rollout.roll_out(answering.state, hosts)
    return answering.run.rollout


def test_every_node_has_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rolled(monkeypatch, queried(stale=NAMES), {}, canary=["w-2"])
    assert CALLS == ["w-2", "w-1", "cp-1"]
    assert (found.done, found.stopped, found.left) == (["w-2", "w-1", "cp-1"], False, [])
    assert found.sentence == "verified: w-2, w-1, cp-1"


def test_a_canary_that_fails_leaves_the_rest_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rolled(monkeypatch, queried(stale=NAMES), {"w-2": "it does not stay up"}, canary=["w-2"])
    assert CALLS == ["w-2"]
    assert found.stopped
    assert found.failed == {"w-2": "it does not stay up"}
    assert found.sentence == "failed: w-2; left as they were: w-1, cp-1"


def test_goes_on_until_as_many_nodes_have_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rolled(monkeypatch, queried(stale=NAMES), {"w-1": "x", "w-2": "y"}, stop_after=2)
    assert CALLS == ["w-1", "w-2"]
    assert (found.stopped, found.left) == (True, ["cp-1"])
    found = rolled(monkeypatch, queried(stale=NAMES), {"w-1": "x"}, stop_after=2)
    assert found.sentence == "verified: w-2, cp-1; failed: w-1"
    assert not found.stopped


def test_a_node_that_is_down_already_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rolled(monkeypatch, queried(stale=("w-1",), down="w-2"), {})
    assert (CALLS, found.stopped) == ([], True)
    assert found.failed == {"w-2": "its node is not Ready, and a deploy would change nothing on it"}


def test_no_rollout_no_line() -> None:
    assert RolloutResult().sentence == ""
    assert RolloutResult(batches=(Batch(("w-1",)),)).sentence == "left as they were: w-1"
