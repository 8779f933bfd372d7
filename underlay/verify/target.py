"""The cluster under test: its spec, its plans, and a shell on each host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from underlay.inventory.spec import Spec, read_spec
from underlay.model.node import Node
from underlay.model.routes import Routes
from underlay.plan.host_plan import HostPlan, plans
from underlay.plan.host_questions import RECORDED_PATH
from underlay.resources.objects import KUBECTL
from underlay.routing.sessions import Session, sessions
from underlay.run.artifacts import ArtifactsOf

from .shell_backend import open_host


@dataclass
class Target:
    """`variables` are the hosts' variables as the inventory has them."""

    spec: Spec
    variables: dict[str, dict[str, Any]]
    directory: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="underlay-live-")))
    paths: list[dict[str, Any]] = field(default_factory=list)
    """The path matrix: from, to, class, checks, and figures of this run; filled once the traffic is measured."""
    _hosts: dict[tuple[str, str], Any] = field(default_factory=dict)
    _opening: dict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    @classmethod
    def from_environment(cls) -> Target:
        """UNDERLAY_HOSTS names a JSON file that the deploy wrote, or UNDERLAY_INVENTORY an inventory to read."""
        if path := os.environ.get("UNDERLAY_HOSTS"):
            document = json.loads(Path(path).read_text())
        else:
            inventory = os.environ.get("UNDERLAY_INVENTORY", "inventories/lab.py")
            command = [sys.executable, "-m", "underlay.run.read_inventory", inventory]
            document = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        groups = {name: tuple(members) for name, members in document["groups"].items()}
        spec = read_spec(document["hosts"], groups)
        if "path_mtu" in document:
            return cls(spec.with_path(document["path_mtu"]), document["hosts"])
        target = cls(spec, document["hosts"])
        target.read_path_mtu()
        return target

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
        version = self.spec.cluster.kubernetes_version
        return plans(self.spec, ArtifactsOf(self.spec.artifacts, kubernetes_version=version))

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """The BGP sessions of managed hosts."""
        return sessions(self.spec.cluster) if self.spec.cluster.routes is Routes.BGP else ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.spec.cluster.nodes

    @cached_property
    def ssh_config(self) -> Path:
        """How to reach each host, from the variables that pyinfra's connectors gave it."""
        lines = []
        for name, data in self.variables.items():
            lines += [
                f"Host {name}",
                f"  HostName {data.get('ssh_hostname', name)}",
                f"  User {data.get('ssh_user', 'root')}",
            ]
            lines += [f"  Port {data['ssh_port']}"] if "ssh_port" in data else []
            if "ssh_key" in data:
                lines += [f"  IdentityFile {data['ssh_key']}", "  IdentitiesOnly yes"]
            if "ssh_known_hosts_file" in data:
                lines += [
                    f"  UserKnownHostsFile {data['ssh_known_hosts_file']}",
                    "  StrictHostKeyChecking yes",
                ]
        lines += [
            "Host *",
            "  BatchMode yes",
            "  ConnectTimeout 10",
            # A host that dies during a check is noticed within a minute.
            "  ServerAliveInterval 10",
            "  ServerAliveCountMax 6",
            "  ControlMaster auto",
            f"  ControlPath {self.directory}/%C",
            "  ControlPersist 60",
        ]
        lines += ["  LogLevel ERROR"]
        path = self.directory / "ssh_config"
        path.write_text("\n".join(lines) + "\n")
        return path

    def host(self, name: str, *, lane: str = "") -> Any:
        """A shell on a host, over one connection; each `lane` has a shell of its own."""
        with self._opening[name]:
            if (name, lane) not in self._hosts:
                root = self.variables[name].get("ssh_user", "root") == "root"
                self._hosts[name, lane] = open_host(name, ssh_config=self.ssh_config, root=root)
                # The next lane finds a connection to use; that there is none is an error of the first command.
                with suppress(AssertionError):
                    self._hosts[name, lane].run("true")
        return self._hosts[name, lane]

    def kubectl(self, arguments: str, *, document: dict[str, Any] | None = None, lane: str = "") -> str:
        """Standard output of kubectl on the first control-plane host; `document` is its standard input."""
        text = "" if document is None else f" <<'UNDERLAY_END'\n{json.dumps(document)}\nUNDERLAY_END"
        ran = self.host(self.spec.cluster.first.name, lane=lane).run(f"{KUBECTL} {arguments}{text}")
        assert ran.rc == 0, f"kubectl {arguments}: {ran.stderr.strip()}"
        return str(ran.stdout)

    def close(self) -> None:
        for host in self._hosts.values():
            host.backend.close()
        for name in {name for name, _ in self._hosts}:
            subprocess.run(["ssh", "-F", str(self.ssh_config), "-O", "exit", name], check=False, capture_output=True)
        for left in self.directory.iterdir():
            # A master that was told to exit removes its socket by itself.
            left.unlink(missing_ok=True)
        self.directory.rmdir()


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
