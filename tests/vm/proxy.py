"""kube-proxy as a process on one machine, with the configuration that a deploy would give it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from tests.lab.host_snapshot import difference
from underlay.plan.kubeadm import init_documents

from . import state
from .site import Site
from .vm_cluster import VmCluster

UNIT = "underlay-kube-proxy"
PROGRAM = "/usr/local/bin/kube-proxy"
CONFIG, KUBECONFIG = "/root/kube-proxy.json", "/root/kube-proxy.kubeconfig"
TIMEOUT_S = 120.0


@dataclass
class Proxy:
    """`before` is what the machine had before it came."""

    site: Site
    vm_cluster: VmCluster
    name: str
    before: list[str] = field(default_factory=list)
    started: bool = False

    def run(self, command: str) -> str:
        return self.site.run(self.name, command)

    def start(self) -> None:
        """Prepare the machine as a deploy would, and start it as its DaemonSet would."""
        self.started = True
        self.before = state.look(self.site, self.name)
        state.apply(self.site, self.name, self.vm_cluster, self.vm_cluster.resources(self.name))
        documents = init_documents(self.vm_cluster.spec.cluster, token="")
        (config,) = (d for d in documents if d["kind"] == "KubeProxyConfiguration")
        # kubeadm adds the first of these, the DaemonSet the second.
        config |= {"clientConnection": {"kubeconfig": KUBECONFIG}, "hostnameOverride": self.name}
        self.site.write(self.name, CONFIG, json.dumps(config))
        self.site.write(self.name, KUBECONFIG, self.site.kubeconfig("kube-proxy", namespace="kube-system"))
        self.run(f"systemd-run -q --unit={UNIT} {PROGRAM} --config={CONFIG}")

    def until(self, pattern: str, command: str) -> str:
        """What a command printed once the pattern was in it; what it printed last, after too long."""
        give_up = time.monotonic() + TIMEOUT_S
        while pattern not in (said := self.run(f"{command} 2>&1; true")) and time.monotonic() < give_up:
            time.sleep(1)
        return said

    def log(self) -> str:
        return self.run(f"journalctl -u {UNIT} --no-pager -o cat | tail -n 20")

    def remove(self) -> None:
        """Take the machine back as a reset does; once."""
        if not self.started:
            return
        self.started = False
        self.run(f"systemctl stop {UNIT} 2>/dev/null; systemctl reset-failed {UNIT} 2>/dev/null; true")
        self.run(f"rm -f {CONFIG} {KUBECONFIG}; pkill -x socat; true")
        state.take_back(self.site, self.name, self.vm_cluster)

    def left(self) -> list[str]:
        return difference(self.before, state.look(self.site, self.name))
