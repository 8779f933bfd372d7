"""A control plane in a host of the lab, two virtual machines in two racks, and the router between them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from tests.lab.deployed import ROOT, UNDERLAY, Deployed
from underlay.lab import record
from underlay.lab.host import namespaces
from underlay.lab.model import naming
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.vm import machine
from underlay.lab.vm.guest import files, guest

from .programs import carried
from .shell import MachineShell

NAME, NETWORK = "vm", "10.129.0.0/16"
GUESTS = ("vm-1", "vm-2")


@dataclass(frozen=True)
class Site:
    """Everything a test needs of where it stands."""

    lab: Lab
    guests: tuple[LabNode, ...]
    scratch: Path

    @cached_property
    def _ssh_config(self) -> Path:
        known = [(node, LabPaths.of(self.lab.name).known_hosts) for node in self.lab.nodes]
        known += [(node, files(self.lab, node).known_hosts) for node in self.guests]
        stanzas = [
            f"Host {node.name}\n  HostName {node.address}\n  User root\n  IdentitiesOnly yes\n"
            f"  IdentityFile {LabPaths.of(self.lab.name).client_key}\n  BatchMode yes\n  ConnectTimeout 60\n"
            f"  UserKnownHostsFile {known_hosts}\n  StrictHostKeyChecking yes\n"
            f"  ControlMaster auto\n  ControlPersist 600\n  ControlPath {self.scratch}/%n\n"
            for node, known_hosts in known
        ]
        path = self.scratch / "ssh_config"
        path.write_text("".join(stanzas))
        return path

    def host(self, name: str) -> MachineShell:
        """A shell on a machine, or on the control plane's host."""
        return MachineShell(name, self._ssh_config)

    def run(self, name: str, command: str) -> str:
        """Standard output of a command on a machine, which has to end well."""
        ran = self.host(name).run(command)
        assert ran.rc == 0, f"{name}: {command[:200]}: exit {ran.rc}: {ran.stdout.strip()} {ran.stderr.strip()}"
        return ran.stdout

    def everywhere(self, command: str) -> dict[str, str]:
        """The same on all machines, side by side."""
        with ThreadPoolExecutor(len(self.guests)) as pool:
            return dict(zip(GUESTS, pool.map(lambda name: self.run(name, command), GUESTS), strict=True))

    def on_router(self, command: str) -> None:
        """Run shell where the racks meet."""
        network = f"--net={namespaces.path(naming.router(self.lab.name))}"
        subprocess.run(["nsenter", network, "sh", "-euc", command], check=True, timeout=60)

    def write(self, name: str, path: str, text: str) -> None:
        """A file of a machine, private to root."""
        packed = base64.b64encode(text.encode()).decode()
        self.run(name, f"mkdir -p $(dirname {path}); umask 077; echo {packed} | base64 -d >{path}")

    def kubectl(self, *arguments: str, document: object = None) -> str:
        """Standard output of kubectl; `document` is its standard input."""
        done = subprocess.run(
            [*UNDERLAY, "kubectl", *arguments],
            cwd=ROOT,
            env={**os.environ, "UNDERLAY_CLUSTER": NAME},
            input=None if document is None else json.dumps(document),
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def kubeconfig(self, account: str, *, namespace: str) -> str:
        """A kubeconfig that may do what a service account may, and nothing else."""
        cluster = yaml.safe_load((ROOT / ".underlay" / NAME / "kubeconfig").read_text())["clusters"][0]
        token = self.kubectl("create", "token", account, "-n", namespace, "--duration=2h").strip()
        user = {"name": account, "user": {"token": token}}
        context = {"name": account, "context": {"cluster": cluster["name"], "user": account}}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "users": [user],
                "contexts": [context],
                "current-context": account,
            }
        )

    def close(self) -> None:
        """End the connections to machines."""
        for node in (*self.lab.nodes, *self.guests):
            self.host(node.name).close()


@contextmanager
def standing() -> Iterator[Site]:
    """The site, from nothing to two machines that are nodes; gone after."""
    deployed = Deployed(
        lab={"name": NAME, "network": NETWORK, "workers": 0, "racks": 2}, cluster={"network": {"mode": "none"}}
    )
    deployed.down()
    with tempfile.TemporaryDirectory(prefix="underlay-vm-") as scratch:
        try:
            run = deployed.deploy("--data", "verify=false")
            assert run.code == 0, run.end
            lab = record.read(NAME)
            assert lab
            guests = tuple(guest(lab, number, rack=number) for number in (1, 2))
            machine.up(lab, guests, carried=carried(Path(scratch)))
            site = Site(lab, guests, Path(scratch))
            _join(site)
            yield site
            site.close()
        finally:
            deployed.down()


def _join(site: Site) -> None:
    """Node objects by hand: no kubelet is here to make them. The controller manager gives each its pod subnet."""
    for node in site.guests:
        labels = {"kubernetes.io/hostname": node.name}
        body = {"metadata": {"name": node.name, "labels": labels}, "spec": {"unschedulable": True}}
        site.kubectl("apply", "-f", "-", document={"apiVersion": "v1", "kind": "Node", **body})
        site.kubectl("wait", f"node/{node.name}", "--for=jsonpath={.spec.podCIDR}", "--timeout=30s")
