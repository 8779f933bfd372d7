"""Reboots every host, one at a time, each only when the one before does its work again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import gevent
from paramiko import SSHException
from pyinfra.api import Host, State
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.util import clear_askpass_cache
from pyinfra.context import ctx_host, ctx_state

from underlay.checks.reboot import lacking, reboot_order
from underlay.resources.objects import KUBECTL

from .command import run_script
from .privilege import way_to_root
from .run import current_run

# Firmware of a server with much memory takes minutes.
ANSWERS_S = 600
WORKS_S = 300
# A node that has just joined is Ready once its kubelet says so again: every ten seconds.
SETTLES_S = 60
_POLL_S = 1
# A host that goes down while it is asked never says so.
_REPLY_S = 30
_WHO = "cat /proc/sys/kernel/random/boot_id; date -u +%Y-%m-%dT%H:%M:%SZ"


def reboot_hosts(state: State, *, say: Callable[[str], None]) -> list[str]:
    """What went wrong, if anything did; then no further host is rebooted. Each reboot is a phase of the run."""
    with ctx_state.use(state):
        run = current_run()
        hosts = {h.name: h for h in state.inventory.get_active_hosts()}
        at_work = _Round(hosts, run.spec.cluster.first.name, run.spec.network.carries_pods)
        nodes = [n.name for n in run.spec.cluster.nodes]
        # Who is down already would be two with the first reboot.
        if ill := {name: reason for name in nodes if (reason := _while(partial(at_work.lacks, name), SETTLES_S))}:
            return [f"{name}: {reason}; nothing was rebooted" for name, reason in ill.items()]
        for name in reboot_order(run.spec.cluster):
            began = time.monotonic()
            say(f"rebooting {name}")
            reason = at_work.reboot(name, node=name in nodes)
            run.log.phases.append((f"Reboot {name}", time.monotonic() - began))
            if reason:
                return [f"{name}: after its reboot {reason}; no further host was rebooted"]
            say(f"{name} is back after {run.log.phases[-1][1]:.0f} s")
        return []


@dataclass
class _Round:
    hosts: dict[str, Host]
    first: str
    connected: bool
    boots: dict[str, str] = field(default_factory=dict)

    def reboot(self, name: str, *, node: bool) -> str:
        """Reboot a host and wait for it; why it is not what it was, empty when it is."""
        was = self._ask(name, _WHO)
        if len(was) != 2:
            return "it could not be asked who it is"
        self.boots[name], since = was
        self._ask(name, "systemctl --no-block reboot")
        reason = _while(lambda: self._away(name, boot=was[0]), ANSWERS_S)
        if reason or not node:
            return reason
        return _while(lambda: self.lacks(name, since=since), WORKS_S)

    def lacks(self, name: str, *, since: str = "") -> str:
        """Why a node does not do its work, asked of the API; empty when it does."""
        paths = (f"/api/v1/nodes/{name}", f"/api/v1/pods?fieldSelector=spec.nodeName%3D{name}")
        raw = " && echo && ".join(f"{KUBECTL} get --raw '{path}'" for path in paths)
        told = self._ask(self.first, f"{KUBECTL} get --raw /readyz >/dev/null && {raw}")
        if len(told) != 2:
            return f"the API does not answer on {self.first}"
        node, pods = (json.loads(line) for line in told)
        return lacking(node, pods, boot=self.boots.get(name, ""), since=since, connected=self.connected)

    def _away(self, name: str, *, boot: str) -> str:
        """Why a host is not back yet, over a connection of its own; empty when it is up under another boot ID."""
        host = self.hosts[name]
        # Whatever lay on the host for it is gone with the connection.
        clear_askpass_cache(host)
        host.disconnect()
        with suppress(ConnectError):
            host.connect(show_errors=False, raise_exceptions=True)
        told = self._ask(name, _WHO) if host.connected else ()
        if len(told) != 2:
            return "it does not answer over SSH; look at its console"
        self.boots[name] = told[0]
        return "it did not go down" if told[0] == boot else ""

    def _ask(self, name: str, script: str) -> tuple[str, ...]:
        """The lines a host answers; none when it fails or is away."""
        host = self.hosts[name]
        with suppress(OSError, EOFError, SSHException), gevent.Timeout(_REPLY_S, False), ctx_host.use(host):
            ran = run_script(host, script, way_to_root(host))
            return tuple(line for line in ran.out if line) if ran.ok else ()
        return ()


def _while(reason: Callable[[], str], seconds: float) -> str:
    """Wait until there is no reason any more; the last one, with how long it was waited, when it does not go away."""
    until = time.monotonic() + seconds
    while found := reason():
        if time.monotonic() > until:
            return f"{found} (waited {seconds} s)"
        time.sleep(_POLL_S)
    return ""
