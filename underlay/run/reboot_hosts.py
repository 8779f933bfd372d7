"""Reboots every host, one at a time, each only once the one before works again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from pyinfra.api import Host, State
from pyinfra.connectors.util import clear_askpass_cache
from pyinfra.context import ctx_state

from underlay.checks.reboot import lacking, reboot_order
from underlay.patience import stretched

from .access_error import AccessError
from .connections import connect
from .node_state import lines_of, node_and_pods, wait_while
from .run import current_run

# Seconds until a host answers over SSH: the firmware of a server with much memory takes minutes.
REACHABLE_S = stretched(600)
# Seconds until its node and pods are Ready.
READY_S = stretched(300)
# A node that has just joined becomes Ready with its kubelet's next status update: every ten seconds.
BEFORE_S = stretched(60)
_BOOT = "cat /proc/sys/kernel/random/boot_id; date -u +%Y-%m-%dT%H:%M:%SZ"


def reboot_hosts(state: State, *, say: Callable[[str], None]) -> list[str]:
    """Reboot every host; the problems, none when all is well. The first stops it. Each reboot is a phase of the run.

    :param say: called with a line before and after each reboot.
    """
    with ctx_state.use(state):
        run = current_run()
        hosts = {h.name: h for h in state.inventory.get_active_hosts()}
        reboots = _Reboots(hosts, run.spec.cluster.first.name, run.spec.network.carries_pods)
        nodes = [n.name for n in run.spec.cluster.nodes]
        # With a node down already, the first reboot would make it two.
        if unfit := {name: reason for name in nodes if (reason := wait_while(partial(reboots.lacks, name), BEFORE_S))}:
            return [f"{name}: {reason}; no host was rebooted" for name, reason in unfit.items()]
        for name in filter(run.limit.__contains__, reboot_order(run.spec.cluster)):
            began = time.monotonic()
            say(f"rebooting {name}")
            reason = reboots.reboot(name, node=name in nodes)
            run.log.phases.append((f"Reboot {name}", time.monotonic() - began))
            if reason:
                return [f"{name}: after its reboot {reason}; no further host was rebooted"]
            say(f"{name} is back after {run.log.phases[-1][1]:.0f} s")
        return []


@dataclass
class _Reboots:
    hosts: dict[str, Host]
    first: str
    connected: bool
    boots: dict[str, str] = field(default_factory=dict)

    def reboot(self, name: str, *, node: bool) -> str:
        """Reboot a host and wait until it works again; why it does not, empty when it does."""
        before = lines_of(self.hosts[name], _BOOT)
        if len(before) != 2:
            return "its boot ID could not be read"
        self.boots[name], since = before
        lines_of(self.hosts[name], "systemctl --no-block reboot")
        reason = wait_while(lambda: self._not_back(name, boot=before[0]), REACHABLE_S)
        if reason or not node:
            return reason
        return wait_while(lambda: self.lacks(name, since=since), READY_S)

    def lacks(self, name: str, *, since: str = "") -> str:
        """Why a node does not work, by the API; empty when it does."""
        if (known := node_and_pods(self.hosts[self.first], name)) is None:
            return f"the API does not answer on {self.first}"
        node, pods = known
        return lacking(node, pods, boot=self.boots.get(name, ""), since=since, connected=self.connected)

    def _not_back(self, name: str, *, boot: str) -> str:
        """Why a host is not back yet, over a new connection; empty when it is up with another boot ID."""
        host = self.hosts[name]
        # The file that answers sudo's prompt went with the old boot.
        clear_askpass_cache(host)
        host.disconnect()
        with suppress(AccessError):
            connect(host)
        current = lines_of(self.hosts[name], _BOOT) if host.connected else ()
        if len(current) != 2:
            return "it does not answer over SSH; look at its console"
        self.boots[name] = current[0]
        return "it did not go down" if current[0] == boot else ""
