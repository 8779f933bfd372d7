"""Racks of light hosts (systemd, sshd, FRR; no Kubernetes), and BGP laid over them by the code of `deploy.py`."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from typing import Any

from underlay.artifacts.home import bundle_directory
from underlay.lab import lifecycle, ssh
from underlay.lab.model.topology import Lab, LabNode

from .commands_run import learn_secrets
from .deployed import PYINFRA, ROOT, UNDERLAY, Run
from .failure_folder import keep_before_down
from .waiting import COMMAND_S, until

PART = ROOT / "tests/lab/bgp_part.py"
# Stands in for the cluster, which gives each node a pod subnet and tells whoever asks; nothing else is asked here.
_CLUSTER = """\
mkdir -p /etc/light
cat >/etc/light/pod-subnets <<'END'
{subnets}
END
cat >/usr/local/bin/kubectl <<'END'
#!/bin/sh
# kubectl --OPTION... get nodes|node NAME -o FORMAT
while case $1 in --*) true;; *) false;; esac; do shift; done
case $2 in
  nodes | blockaffinities.*) cat /etc/light/pod-subnets;;
  node) sed -n "s/^$3 //p" /etc/light/pod-subnets;;
esac
END
chmod 755 /usr/local/bin/kubectl
"""


@dataclass(frozen=True)
class SpeakerFault:
    """`steps` are (host, shell); `message` is what `underlay bgp` has to say, as a pattern."""

    steps: tuple[tuple[str, str], ...]
    message: str


@dataclass(frozen=True)
class LightFabric:
    """`bgp` is the inventory's variable but for the AS numbers, which are dealt here; `work` holds the inventory."""

    lab: Lab
    bgp: Mapping[str, Any]
    work: Path
    mode: str = "routed"

    @property
    def inventory(self) -> Path:
        return self.work / "hosts.py"

    @property
    def nodes(self) -> tuple[LabNode, ...]:
        return tuple(n for n in self.lab.nodes if not n.fabric)

    @property
    def routers(self) -> tuple[LabNode, ...]:
        return tuple(n for n in self.lab.nodes if n.fabric)

    def subnet(self, node: str) -> str:
        """The pod subnet of a node: 10.244.N.0/24, in the order of nodes."""
        return f"10.244.{[n.name for n in self.nodes].index(node)}.0/24"

    def up(self) -> None:
        """Boot every host, with a stand-in for the cluster on each."""
        lifecycle.up(self.lab)
        subnets = "\n".join(f"{n.name} {self.subnet(n.name)}" for n in self.nodes)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: self.ssh(n.name, _CLUSTER.format(subnets=subnets)), self.lab.nodes))
        self.write()

    def down(self) -> None:
        keep_before_down(self.lab.name)
        lifecycle.down(self.lab.name)

    def write(self, *, without: tuple[str, ...] = (), bgp: Mapping[str, Any] | None = None) -> None:
        """Write the inventory, with some hosts left out or BGP facts changed."""
        groups = {"control_plane": "cp-", "workers": "w-", "routers": "tor-"}
        hosts = {
            group: [self._host(n) for n in self.lab.nodes if n.name.startswith(prefix) and n.name not in without]
            for group, prefix in groups.items()
        }
        shared = {
            "cluster_name": self.lab.name,
            "network": {"mode": self.mode},
            "bgp": {"as_numbers": {f"rack-{r}": 64512 + r for r in range(1, self.lab.racks + 1)}, **(bgp or self.bgp)},
            "artifacts": {"source": "bundle", "path": str(bundle_directory())},
        }
        learn_secrets(shared)
        lines = [f"{group} = {pformat(members)}\n" for group, members in hosts.items()]
        lines.append(f"cluster = ([*routers, *control_plane, *workers], {pformat(shared)})\n")
        self.inventory.write_text("".join(lines))

    def _host(self, node: LabNode) -> tuple[str, dict[str, Any]]:
        router = {"fabric_address": str(node.fabric), "as_number": 64600 + int(node.name.partition("-")[2])}
        return node.name, {
            "address": str(node.address),
            "rack": node.rack_name,
            **ssh.variables(self.lab.name, node.address),
            **(router if node.fabric else {}),
        }

    def deploy(self) -> Run:
        """The part of `deploy.py` that BGP is."""
        return self._run([*PYINFRA, "-y", str(self.inventory), str(PART)], cwd=self.work)

    def underlay_bgp(self) -> Run:
        return self._run([*UNDERLAY, "bgp", str(self.inventory)], cwd=ROOT)

    def agreed(self) -> str | None:
        """What `underlay bgp` shows once both sides of every session agree, or None yet."""
        run = self.underlay_bgp()
        return run.text if run.code == 0 else None

    def reported(self, pattern: str) -> str | None:
        """What `underlay bgp` says that matches, or None yet."""
        run = self.underlay_bgp()
        found = re.search(pattern, " ".join(run.text.split()))
        return found[0] if found and run.code == 1 else None

    def put(self, name: str, path: str, program: bytes) -> None:
        """Lay down a program on a host; one of that name that runs goes on."""
        into = f"mkdir -p {Path(path).parent}; cat >{path}.new && chmod 755 {path}.new && mv {path}.new {path}"
        command = ssh.command(self.lab.name, self.lab.node(name).address, into, batch=True)
        done = subprocess.run(command, input=program, capture_output=True, check=False, timeout=COMMAND_S)
        assert done.returncode == 0, f"{name}: {done.stderr.decode()}"

    def _run(self, command: list[str], *, cwd: Path) -> Run:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYINFRA_PROGRESS": "off", "COLUMNS": "200"}
        done = subprocess.run(
            command, cwd=cwd, env=environment, text=True, capture_output=True, check=False, timeout=COMMAND_S
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def ssh(self, name: str, script: str) -> str:
        """Standard output of a script that has to end well on a host."""
        command = ssh.command(self.lab.name, self.lab.node(name).address, "sh -s", batch=True)
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False, timeout=COMMAND_S)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout

    def expect(self, fault: SpeakerFault, *, healed: tuple[str, str], within: float) -> None:
        """Make a fault where all agree, and have `underlay bgp` name it; then take it away.

        :param healed: (host, shell) that starts the node's speaker anew.
        :param within: seconds for sessions to converge.
        """
        until(self.agreed, within=within)
        try:
            for host, step in fault.steps:
                self.ssh(host, step)
            until(lambda: self.reported(fault.message), within=within)
        finally:
            # Sessions of a router that starts anew have not flapped.
            self.ssh("tor-1", "systemctl reset-failed frr; systemctl restart frr")
            self.ssh(*healed)


def changed(run: Run) -> set[str]:
    """The hosts on which a run of pyinfra did something, by its own lines."""
    return set(re.findall(r"^\s*\[(\S+)\]\s+Success", run.text, re.MULTILINE))
