"""One run: what was requested, what the hosts answered, what is known of the cluster, and what the run did.

Each part has one owner, who alone writes it; everybody may read.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gevent.lock import BoundedSemaphore
from pyinfra.api import Host, State
from pyinfra.context import ctx_state

from underlay.findings.finding import Finding
from underlay.inventory.limit import Limit
from underlay.inventory.spec import Groups, Hosts, Spec
from underlay.model.routes import Routes
from underlay.plan.artifacts import Artifacts
from underlay.plan.host_plan import HostPlan, plan_of
from underlay.plan.host_questions import HostAnswers
from underlay.plan.probe import Probe
from underlay.plan.rollout import Batch
from underlay.preflight.measurements import Measurements
from underlay.resources.answer import Answer
from underlay.resources.resource import Resource

from .claim import Purpose, purpose


@dataclass(frozen=True)
class InventoryVariables:
    """The inventory as pyinfra read it: its name, the variables of every host, the members of every group."""

    name: str
    hosts: Hosts
    groups: Groups


@dataclass
class Observed:
    """What the hosts answered, by host; written by `observe`, and by whoever connects.

    A change of a host drops its `resources`.
    """

    answers: dict[str, HostAnswers] = field(default_factory=dict)
    queried: dict[str, tuple[float, float]] = field(default_factory=dict)
    """When the host was queried and when it had answered, in monotonic seconds."""
    silent: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be reached, or on which nothing ran as root, with the reason."""
    resources: dict[str, dict[Resource, Answer]] = field(default_factory=dict)
    """What the host said of each resource of its plan."""
    name_servers: dict[str, str] = field(default_factory=dict)
    """The name server of a host that answered it before the host became a member: of its first answer."""


@dataclass
class Preflight:
    """What was found before any host is changed; written by `preflight_findings` and `probe_wire`.

    `findings` is None until the hosts have been judged.
    """

    findings: list[Finding] | None = None
    measured: Measurements | None = None


@dataclass
class JoinMaterial:
    """What hosts join with, created by the first control-plane host. Secret; kept in memory only."""

    ca: str
    token: str
    certificate_key: str


@dataclass
class KnownCluster:
    """What is known of the cluster; written by the phases that find it out."""

    join: JoinMaterial | None = None
    pod_subnets: dict[str, frozenset[str]] = field(default_factory=dict)
    kubeconfig: str | None = None


@dataclass
class RunLog:
    """What the run did and how long it took; written by `command`, `observe` and `progress`."""

    began: float = field(default_factory=time.monotonic)
    phases: list[tuple[str, float]] = field(default_factory=list)
    """Name and seconds of every phase, in order."""
    executions: dict[str, int] = field(default_factory=dict)
    """SSH executions by host."""
    changes: dict[str, list[str]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    unreached: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be reached, with the reasons, until that is said."""


@dataclass
class RolloutResult:
    """The steps in which nodes that serve already were changed; written by `rollout`, once."""

    batches: tuple[Batch, ...] = ()
    done: list[str] = field(default_factory=list)
    """Nodes that serve as declared, canaries of an earlier run among them."""
    changed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    stopped: bool = False
    """Whether batches were left out because too many nodes had failed."""
    lock: BoundedSemaphore = field(default_factory=BoundedSemaphore)
    ended: bool = False

    @property
    def left(self) -> list[str]:
        """Nodes that are as they were."""
        tried = {*self.done, *self.failed}
        return [name for batch in self.batches for name in batch.names if name not in tried]

    @property
    def sentence(self) -> str:
        """What was done and what is left; empty where nothing on a node had to be restarted."""
        parts = (("verified", self.done), ("failed", list(self.failed)), ("left as they were", self.left))
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names and self.batches)


@dataclass(frozen=True)
class Verification:
    """Result of the checks; written by `live_tests`."""

    verdict: str = "not verified"
    notes: Sequence[str] = ()
    report: str | None = None
    """Path of the report's page."""
    nodes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Version and state of each node."""


@dataclass
class Run:
    """One run of pyinfra or of the command, from the inventory to the verdict.

    `claim` takes a host's lock, in a run that changes hosts; None in one that only looks. Of hosts outside
    the `limit` the first control-plane host alone is queried.
    """

    inventory: InventoryVariables
    spec: Spec
    artifacts: Artifacts
    claim: Probe | None = None
    purpose: Purpose = field(default_factory=purpose)
    limit: Limit = field(default_factory=Limit)
    observed: Observed = field(default_factory=Observed)
    preflight: Preflight = field(default_factory=Preflight)
    cluster: KnownCluster = field(default_factory=KnownCluster)
    log: RunLog = field(default_factory=RunLog)
    rollout: RolloutResult = field(default_factory=RolloutResult)
    verification: Verification = field(default_factory=Verification)
    _plans: dict[str, HostPlan] = field(default_factory=dict)

    def plan(self, host: Host) -> HostPlan:
        return self.plan_of(host.name)

    def plan_of(self, name: str) -> HostPlan:
        """The plan of a host by its name."""
        if name not in self._plans:
            plan = plan_of(self.spec, name, self.artifacts)
            self._plans[name] = replace(plan, probes=(self.claim, *plan.probes)) if self.claim else plan
        return self._plans[name]

    def know_path(self, mtu: int) -> None:
        """Plan for a measured path MTU, in bytes; hosts are queried again about the resources that it changes."""
        if mtu != self.spec.cluster.path_mtu:
            self.spec = self.spec.with_path(mtu)
            self._plans.clear()
            self.observed.resources.clear()

    @property
    def has_static_routes(self) -> bool:
        """Whether hosts get static routes, which depend on the pod subnets that the cluster assigns."""
        return self.spec.cluster.routes is Routes.STATIC

    def is_node(self, host: Host) -> bool:
        return any(n.name == host.name for n in self.spec.cluster.nodes)

    def is_first(self, host: Host) -> bool:
        return host.name == self.spec.cluster.first.name


def begin(state: State, run: Run) -> None:
    """Give a pyinfra state its run."""
    # Imported modules stay until the end: the collector need not scan them again.
    gc.freeze()
    state.underlay_run = run  # type: ignore[attr-defined]


def current_run() -> Run:
    """The run of the pyinfra state at work."""
    run: Run = ctx_state.get().underlay_run
    return run


def run_of(state: State) -> Run | None:
    """The run of a state, if it has one: a choice among networks asks hosts before there is any."""
    return getattr(state, "underlay_run", None)
