"""The cluster under test: its spec, its plans, and a shell on each host."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from underlay.artifacts.site_lock import site_lock_of
from underlay.inventory.spec import Spec, read_spec
from underlay.model.node import Node
from underlay.plan.host_plan import HostPlan, Phase, plans
from underlay.plan.host_questions import RECORDED_PATH
from underlay.resources import api_server
from underlay.resources.api_server import KUBECTL
from underlay.routing.sessions import Session
from underlay.routing.speakers import watched_sessions
from underlay.run.artifacts import artifacts_of

from .connections import Connections
from .shell_backend import NoFurtherShell, open_host

# An API server that restarts is given a second look.
_READY = f"""\
for _ in 1 2; do
  timeout {api_server.SECONDS} {KUBECTL} get --raw /readyz >/dev/null && exit 0
  sleep 2
done
exit 1"""


@dataclass
class Target:
    """`variables` are the hosts' variables as the inventory has them."""

    spec: Spec
    variables: dict[str, dict[str, Any]]
    connections: Connections | None = None
    """A process with connections to the hosts, where no command that has them runs the checks."""
    paths: list[dict[str, Any]] = field(default_factory=list)
    """The path matrix: from, to, class, checks, and figures of this run; filled once the traffic is measured."""
    name_servers: dict[str, str] = field(default_factory=dict)
    """Host -> its name server that answered before the deploy, where this run has deployed to it."""
    only: frozenset[str] = frozenset()
    """The hosts that are checked; all without any."""
    phases: tuple[str, ...] = tuple(Phase)
    """The phases of a deploy that have come to an end: of others, resources are not checked."""
    version: str = ""
    """The version of Kubernetes that nodes have to have."""
    lock: Path = Path("underlay.lock.json")
    """The site's lock."""
    _hosts: dict[tuple[str, str], Any] = field(default_factory=dict)
    _silence: str | None = None
    _opening: dict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    @classmethod
    def from_environment(cls) -> Target:
        """UNDERLAY_HOSTS names a JSON file that the deploy wrote, or UNDERLAY_INVENTORY an inventory to read."""
        connections = None
        if path := os.environ.get("UNDERLAY_HOSTS"):
            document = json.loads(Path(path).read_text(encoding="utf-8"))
            lock = Path(document.get("site_lock", cls.lock))
        else:
            inventory = os.environ.get("UNDERLAY_INVENTORY", "inventories/lab.py")
            connections = Connections(inventory)
            document = connections.document
            lock = site_lock_of(inventory)
        groups = {name: tuple(members) for name, members in document["groups"].items()}
        spec = read_spec(document["hosts"], groups)
        if "path_mtu" in document:
            known = document.get("name_servers", {})
            target = cls(spec.with_path(document["path_mtu"]), document["hosts"], name_servers=known, lock=lock)
        else:
            target = cls(spec, document["hosts"], connections, lock=lock)
            target.read_path_mtu()
        target.only = frozenset(document.get("only", ()))
        target.version = document.get("version") or spec.cluster.kubernetes_version
        target.phases = tuple(document.get("phases_ended") or Phase)
        return target

    def checks(self, name: str) -> bool:
        """Whether the host of this name is one of those that are checked."""
        return not self.only or name in self.only

    def read_path_mtu(self) -> None:
        """Expect the pod MTU of the path as measured when the cluster was made, unless the inventory states it."""
        if self.spec.path_stated:
            return
        with suppress(AssertionError):
            recorded = self.host(self.spec.cluster.first.name).run(RECORDED_PATH).stdout.strip()
            if recorded.isdigit():
                self.spec = self.spec.with_path(int(recorded))

    @cached_property
    def plans(self) -> dict[str, HostPlan]:
        return plans(self.spec, artifacts_of(self.spec, lock=self.lock))

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """The BGP sessions of managed hosts."""
        return watched_sessions(self.spec.cluster, self.spec.network)

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.spec.cluster.nodes

    @cached_property
    def silent(self) -> frozenset[str]:
        """Nodes whose hosts cannot be reached."""

        def is_silent(node: Node) -> bool:
            try:
                self.host(node.name).run("true")
            except AssertionError:
                return True
            return False

        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(is_silent, self.nodes))
        return frozenset(n.name for n, silent in zip(self.nodes, answers, strict=True) if silent)

    def host(self, name: str, *, lane: str = "") -> Any:
        """A shell on a host; each `lane` has a shell of its own, where the host grants several."""
        with self._opening[name]:
            if (name, lane) not in self._hosts:
                try:
                    self._hosts[name, lane] = open_host(name)
                except NoFurtherShell:
                    self._hosts[name, lane] = next(shell for (of, _), shell in self._hosts.items() if of == name)
        return self._hosts[name, lane]

    def kubectl(self, arguments: str, *, document: dict[str, Any] | None = None, lane: str = "") -> str:
        """Standard output of kubectl on the first control-plane host; `document` is its standard input."""
        if reason := self._api_silence(lane):
            raise AssertionError(reason)
        text = "" if document is None else f" <<'UNDERLAY_END'\n{json.dumps(document)}\nUNDERLAY_END"
        ran = self.host(self.spec.cluster.first.name, lane=lane).run(f"{KUBECTL} {arguments}{text}")
        assert ran.rc == 0, f"kubectl {arguments}: {ran.stderr.strip()}"
        return str(ran.stdout)

    def _api_silence(self, lane: str) -> str:
        """Why the API server cannot be asked; empty when it answers. It is found out once, within half a minute."""
        with self._opening["the API server"]:
            if self._silence is None:
                first = self.spec.cluster.first.name
                ran = self.host(first, lane=lane).run(_READY)
                words = ran.stderr.strip().splitlines()[-1:] or [f"no answer within {api_server.SECONDS} s"]
                self._silence = f"the API server could not be asked on {first}: {words[0]}" if ran.rc else ""
        return self._silence

    def close(self) -> None:
        for host in self._hosts.values():
            host.backend.close()
        if self.connections:
            self.connections.close()


_of_session: Target | None = None


def target_of_session() -> Target:
    """The one target of collection and tests."""
    global _of_session  # noqa: PLW0603
    if _of_session is None:
        _of_session = Target.from_environment()
    return _of_session


def opened_target() -> Target | None:
    """The session's target, if anything used it."""
    return _of_session
