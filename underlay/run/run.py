"""One run: what was asked for, what the hosts answered so far, and what became of each phase."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from pyinfra.api import Host, State
from pyinfra.context import ctx_state

from underlay.findings.finding import Finding
from underlay.inventory.spec import Groups, Hosts, Spec
from underlay.model.routes import Routes
from underlay.plan.host_plan import Artifacts, HostPlan
from underlay.plan.host_questions import Answers
from underlay.plan.plans import plan_of
from underlay.preflight.measurements import Measured
from underlay.resources.resource import Resource


@dataclass
class JoinMaterial:
    """What the first control-plane host gives to those that join. Secret; lives in memory only."""

    ca: str
    token: str
    certificate_key: str


@dataclass
class Deployment:
    """State of the run that phases share; everything in it is derived from the inventory or asked of a host."""

    inventory: str
    hosts: Hosts
    groups: Groups
    spec: Spec
    artifacts: Artifacts
    answers: dict[str, Answers] = field(default_factory=dict)
    asked: dict[str, tuple[float, float]] = field(default_factory=dict)
    seen: dict[str, dict[Resource, str]] = field(default_factory=dict)
    executions: dict[str, int] = field(default_factory=dict)
    changes: dict[str, list[str]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    phases: list[tuple[str, float]] = field(default_factory=list)
    findings: list[Finding] | None = None
    measured: Measured | None = None
    join: JoinMaterial | None = None
    report: str | None = None
    kubeconfig: str | None = None
    verdict: str = "not verified"
    notes: list[str] = field(default_factory=list)
    subnets: dict[str, frozenset[str]] = field(default_factory=dict)
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    _plans: dict[str, HostPlan] = field(default_factory=dict)

    def plan(self, host: Host) -> HostPlan:
        if host.name not in self._plans:
            self._plans[host.name] = plan_of(self.spec, host.name, self.artifacts)
        return self._plans[host.name]

    def know_path(self, mtu: int) -> None:
        """The path was measured: what is planned follows it, and hosts are asked again about what that changes."""
        if mtu != self.spec.cluster.path_mtu:
            self.spec = self.spec.with_path(mtu)
            self._plans.clear()
            self.seen.clear()

    @property
    def lays_routes(self) -> bool:
        """Whether hosts get routes that depend on what the cluster decided."""
        return self.spec.cluster.routes is Routes.STATIC

    def is_node(self, host: Host) -> bool:
        return any(n.name == host.name for n in self.spec.cluster.nodes)

    def is_first(self, host: Host) -> bool:
        return host.name == self.spec.cluster.first.name


_deployments: WeakKeyDictionary[State, Deployment] = WeakKeyDictionary()


def begin(state: State, deployment: Deployment) -> None:
    # What was imported stays to the end: the collector need not look at it again and again, nor at exit.
    gc.freeze()
    _deployments[state] = deployment


def deployment() -> Deployment:
    """The deployment of the pyinfra state at work."""
    return _deployments[ctx_state.get()]
