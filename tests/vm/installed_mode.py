"""A mode installed on two virtual machines: flanneld as a process, a pod on each, and a capture while they talk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from shlex import quote
from typing import Any

from tests.lab.host_snapshot import difference

from . import pod, state
from .capture import Capture, capturing
from .pod_spec import Process, process
from .programs import CNI, FLANNEL_PLUGIN
from .site import GUESTS, Site
from .vm_cluster import VmCluster

BODY, BODY_AT = 1_000_000, "/root/body"
PORT = 8080
UNIT = "underlay-flanneld"
KUBECONFIG = "/etc/kubernetes/kubelet.conf"  # where checks expect the node's own
CONF_LIST = "/etc/cni/net.d/10-flannel.conflist"


@dataclass
class InstalledMode:
    """`before` is what the machines had of a network before it came, `pods` each machine's pod's address."""

    site: Site
    vm_cluster: VmCluster
    before: Mapping[str, list[str]] = field(default_factory=dict)
    pods: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)

    @property
    def mode(self) -> str:
        return self.vm_cluster.network.mode

    def install(self) -> None:
        """Everything up to a pod on each machine."""
        self.prepare()
        objects = self.vm_cluster.network.addon(self.vm_cluster.cluster).objects
        items = [o for o in objects if o["kind"] != "DaemonSet"]
        self.site.kubectl("apply", "-f", "-", document={"apiVersion": "v1", "kind": "List", "items": items})
        self._each(partial(self._start, objects))
        self.pods = dict(zip(GUESTS, self._each(self._add_pod), strict=True))

    def remove(self) -> None:
        """The pods as a runtime would, the process as a kubelet, the rest as a reset; may be repeated."""
        if self.configuration:
            self._each(lambda name: pod.delete(partial(self.site.run, name), self.configuration))
            self.configuration = {}
        self.site.everywhere(f"systemctl stop {UNIT}; systemctl reset-failed {UNIT} 2>/dev/null; pkill -x socat; true")
        self.site.everywhere("rm -rf /etc/kube-flannel /etc/kubernetes")
        self._each(lambda name: state.take_back(self.site, name, self.vm_cluster))
        # A key of an earlier time is a peer for whoever comes first of a later one.
        self.site.kubectl("annotate", "node", *GUESTS, *(f"{_ANNOTATION}/{what}-" for what in _ANNOTATED))

    def left(self) -> dict[str, list[str]]:
        """How the machines differ from what they were before."""
        looked = dict(zip(GUESTS, self._each(partial(state.look, self.site)), strict=True))
        return {name: difference(self.before[name], lines) for name, lines in looked.items()}

    def talk(self, text: str) -> tuple[Capture, dict[str, dict[str, str]]]:
        """Bodies both ways, then the largest packets, under a capture; machine -> question -> answer."""
        file = self.site.scratch / f"{self.mode}.pcap"
        with self.serving(text), capturing(self.site.lab.name, rack=2, file=file) as capture:
            answers = self._each(self._talk)
        return capture, dict(zip(GUESTS, answers, strict=True))

    @contextmanager
    def serving(self, text: str) -> Iterator[None]:
        """A body made of the text on each machine, and in each pod a server that tells the digest of what it gets."""
        self.site.everywhere(_serve(text))
        try:
            yield
        finally:
            self.site.everywhere("pkill -x socat; true")

    def _talk(self, name: str) -> dict[str, str]:
        (peer,) = (address for other, address in self.pods.items() if other != name)
        mtu = self.vm_cluster.network.pod_mtu(self.vm_cluster.cluster)
        said = self.site.run(name, _ask(peer, mtu))
        return dict(line.partition("\t")[::2] for line in said.splitlines())

    def prepare(self) -> None:
        """What machines were before the mode, and what a deploy prepares."""
        self.before = dict(zip(GUESTS, self._each(partial(state.look, self.site)), strict=True))
        self._each(lambda n: state.apply(self.site, n, self.vm_cluster, self.vm_cluster.resources(n)))

    def _start(self, objects: tuple[dict[str, Any], ...], name: str) -> None:
        node = self.vm_cluster.cluster.node(name)
        flanneld = process(objects, fields={**_NO_POD, "status.hostIP": str(node.address)})
        for path, text in flanneld.files.items():
            self.site.write(name, path, text)
        self.configuration = json.loads(_named(flanneld, "cni-conf.json"))
        self.site.write(name, KUBECONFIG, self.site.kubeconfig(flanneld.account, namespace=flanneld.namespace))
        # Outside a pod it asks for its node by this name, and for the cluster by a file.
        environment = {**{k: v for k, v in flanneld.environment.items() if v}, "NODE_NAME": name}
        words = [f"--setenv={key}={value}" for key, value in environment.items()]
        command = [*flanneld.command, f"--kubeconfig-file={KUBECONFIG}"]
        self.site.run(name, f"systemd-run -q --unit={UNIT} {' '.join(map(quote, [*words, *command]))}")
        ready = "for i in $(seq 300); do [ -s /run/flannel/subnet.env ] && exit 0; sleep 0.2; done"
        self.site.run(name, f"{ready}; journalctl -u {UNIT} --no-pager | tail -n 5 >&2; exit 1")
        self.site.run(name, f"cp {FLANNEL_PLUGIN} {CNI}/flannel")
        self.site.write(name, CONF_LIST, _named(flanneld, "cni-conf.json"))

    def _add_pod(self, name: str) -> str:
        return pod.add(partial(self.site.run, name), self.configuration)

    def _each(self, action: Any) -> list[Any]:
        with ThreadPoolExecutor(len(GUESTS)) as pool:
            return list(pool.map(action, GUESTS))


_ANNOTATION = "flannel.alpha.coreos.com"
_ANNOTATED = ("backend-data", "backend-type", "public-ip", "kube-subnet-manager")
_NO_POD = {"metadata.name": "", "metadata.namespace": ""}


def _named(flanneld: Process, name: str) -> str:
    (text,) = (text for path, text in flanneld.files.items() if path.endswith(f"/{name}"))
    return text


def _serve(text: str) -> str:
    """A body made of a text that is found again in a capture, and a server in the pod that tells a body's digest."""
    server = f"ip netns exec {pod.NAME} socat -t 60 TCP-LISTEN:{PORT},reuseaddr,fork SYSTEM:sha256sum"
    listening = f"ip netns exec {pod.NAME} ss -Hltn sport = :{PORT} | grep -q ."
    return (
        f"yes {quote(text)} | head -c {BODY} >{BODY_AT}\n"
        f"setsid {server} </dev/null >/dev/null 2>&1 &\n"
        f"for i in $(seq 50); do {listening} && exit 0; sleep 0.1; done; exit 1"
    )


def _ask(peer: str, mtu: int) -> str:
    inside = f"ip netns exec {pod.NAME}"
    ping = f"{inside} ping -n -c 1 -W 5 -M do"
    return (
        f"exchange() {{ {inside} timeout 120 socat -t 60 - TCP:{peer}:{PORT},connect-timeout=30 <{BODY_AT} 2>&1; }}\n"
        # The first packet may wait for a tunnel's handshake.
        f"for i in $(seq 20); do {inside} ping -n -c 1 -W 1 {peer} >/dev/null && break; done\n"
        f'[ "$(exchange)" = "$(sha256sum <{BODY_AT})" ] && found=ok || found=$(exchange | tail -n 1)\n'
        "printf 'body\\t%s\\n' \"$found\"\n"
        f"printf 'mtu\\t%s\\n' \"$({inside} cat /sys/class/net/{pod.LINK}/mtu)\"\n"
        f"found=$({ping} -s {mtu - 28} {peer} 2>&1) && found=passes; "
        "printf 'largest\\t%s\\n' \"$(echo $found)\"\n"
        f"found=$({ping} -s {mtu - 27} {peer} 2>&1) && found=passes; "
        "printf 'one more\\t%s\\n' \"$(echo $found)\"\n"
    )
