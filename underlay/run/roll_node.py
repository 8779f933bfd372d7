"""One node's turn in a rollout: drained where its pods would notice, changed, and seen to serve again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from pyinfra.api import Host
from pyinfra.context import ctx_host

from underlay.checks.reboot import lacking, not_running
from underlay.patience import stretched
from underlay.plan.host_plan import Phase
from underlay.plan.rollout import PHASES, pods_notice, restarts
from underlay.resources.answer import Answer, UnansweredError
from underlay.resources.resource import Resource

from .access_error import AccessError
from .claim import Purpose
from .converge import apply, differing, unknown
from .drain import drain, uncordon
from .node_state import lines_of, node_and_pods, wait_while
from .observe import forget, observed
from .privilege import root_arguments
from .run import current_run
from .upgrade_node import upgrade_node

# Seconds until a node serves again.
READY_S = stretched(120)
# A program that cannot run may start, and end a moment later.
SETTLE_S = stretched(6)
_NOW = "date -u +%Y-%m-%dT%H:%M:%SZ"
_UNITS = ("containerd.service", "kubelet.service")
_UP = "ActiveState=active"
# The first process of each unit; none of one that does not run.
_PROCESSES = f"systemctl show -p MainPID,ActiveState {' '.join(_UNITS)}"


@dataclass
class NodeTurn:
    """`first` is the first control-plane host, which tells what the cluster sees of the node.

    `is_left_cordoned` by a rollout that was interrupted.
    """

    host: Host
    first: Host
    is_worker: bool
    is_left_cordoned: bool = False
    changed: bool = False
    _drained: bool = False
    _restarted: str = ""
    _running: tuple[str, ...] = ()
    _since: float = 0.0
    _idle: frozenset[str] = frozenset()

    def change(self) -> str:
        """Bring the node to its plan and wait until it serves; why it does not, empty when it does."""
        try:
            with ctx_host.use(self.host):
                return self._change() or wait_while(self._lacks, READY_S)
        except (AccessError, UnansweredError) as error:
            return getattr(error, "reason", "") or str(error)

    def end(self) -> str:
        """Whether what was restarted still runs, and the node back into service; why not, empty when all is well."""
        time.sleep(max(0.0, self._since + SETTLE_S - time.monotonic()))
        now = lines_of(self.host, _PROCESSES)
        if now != self._running or now.count(_UP) != len(_UNITS):
            unit = _ended(self._running, now)
            return f"{unit} does not stay up; see `journalctl -u {unit}`"
        try:
            if self._drained or self.is_left_cordoned:
                return uncordon(self.first, self.host.name) or ""
        except AccessError as error:
            return f"it could not be uncordoned: {error.reason}"
        return ""

    def _change(self) -> str:
        run = current_run()
        plan = run.plan(self.host)
        found = observed(self.host, [r for phase in PHASES for r in plan.of(phase)])
        pending = differing(found)
        if (known := node_and_pods(self.first, self.host.name)) is None:
            return f"the API does not answer on {self.first.name}"
        node, pods = known
        self._idle = frozenset(not_running(pods))
        upgrades = run.purpose is Purpose.UPGRADE
        # With one node alone there is nowhere to go.
        movable = self.is_worker or (upgrades and len(run.spec.cluster.nodes) > 1)
        if movable and pods_notice(pending):
            cordoned = bool(node["spec"].get("unschedulable")) and not self.is_left_cordoned
            seconds = run.spec.rollout.drain_s
            if reason := drain(self.first, self.host.name, seconds=seconds, cordoned=cordoned):
                return reason
            self._drained = not cordoned
        units = restarts([r for r, _ in pending], [r for r, _ in found])
        self._restarted = next(iter(lines_of(self.host, _NOW)), "") if "kubelet.service" in units else ""
        self.changed = bool(pending)
        for phase in PHASES:
            resources = plan.of(phase)
            if upgrades and pending and phase is Phase.KUBERNETES:
                if reason := upgrade_node(self.host, [f for f in found if f[0] in resources]):
                    return reason
                found = observed(self.host, list(map(itemgetter(0), found)))
            if pending and (reason := self._apply([f for f in found if f[0] in resources], resources)):
                return reason
        self._running, self._since = lines_of(self.host, _PROCESSES), time.monotonic()
        return ""

    def _apply(self, found: Sequence[tuple[Resource, Answer]], resources: Sequence[Resource]) -> str | None:
        if reason := unknown(found):
            return reason
        pending = differing(found)
        forget(self.host.name)
        return apply(self.host, pending, root_arguments(self.host), among=resources) if pending else None

    def _lacks(self) -> str:
        if (known := node_and_pods(self.first, self.host.name)) is None:
            return f"the API does not answer on {self.first.name}"
        connected = current_run().spec.network.carries_pods
        return lacking(*known, reported=self._restarted, connected=connected, but=self._idle)


def _ended(before: Sequence[str], now: Sequence[str]) -> str:
    """The unit whose first process is another one, or that does not run."""
    half = len(before) // 2
    return _UNITS[1] if before[:half] == now[:half] and _UP in now[:half] else _UNITS[0]
