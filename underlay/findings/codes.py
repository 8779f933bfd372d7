"""Every finding there is: its code, which never changes its meaning, and what it points to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Gravest first. What refuses stops a deploy before anything is touched."""

    REFUSES = "refuses"
    WARNS = "warns"
    INFORMS = "informs"


@dataclass(frozen=True)
class Code:
    """`cause` is what the finding points to, as a rule; `title` is what was looked at."""

    severity: Severity
    title: str
    cause: str


def _refuses(title: str, cause: str) -> Code:
    return Code(Severity.REFUSES, title, cause)


def _warns(title: str, cause: str) -> Code:
    return Code(Severity.WARNS, title, cause)


def _informs(title: str, cause: str) -> Code:
    return Code(Severity.INFORMS, title, cause)


_OF_HOSTS = {
    "host-unreachable": _refuses("the connection", "SSH does not get there"),
    "login-not-root": _refuses("the login", "files, modules and units of a host are root's"),
    "system-unsupported": _refuses("the system", "packages and paths are known for these systems only"),
    "kernel-too-old": _refuses("the kernel's version", "the deploy or the mode builds on what came later"),
    "kernel-lacks": _refuses("what the mode needs of the host", "a module, an option or a package is not to be had"),
    "memory-small": _refuses("memory", "kubeadm and the kubelet refuse, or evict pods at once"),
    "cgroup-v1": _refuses("the cgroup version", "the kubelet refuses cgroup v1 since Kubernetes 1.35"),
    "disk-full": _refuses("space in /var/lib", "images and etcd are kept there"),
    "disk-slow": _warns("durable writes", "etcd loses its leader when its log is slow: p99 of a WAL fsync below 10 ms "
                        "(etcd.io, hardware recommendations)"),
    "resolver-missing": _refuses("/etc/resolv.conf", "the kubelet hands it to pods, and starts none without it"),
    "resolver-loop": _warns("/etc/resolv.conf", "CoreDNS asks the host's resolver; a loopback address is its own"),
    "clock-off": _refuses("clocks against one another", "certificates are not yet, or no longer, valid"),
    "hostname-duplicate": _refuses("host names", "a node is known by its name: the second takes the first's place"),
    "machine-id-duplicate": _refuses("machine-ids", "the host was cloned; link-local addresses and leases collide"),
    "hardware-duplicate": _refuses("hardware addresses", "the host was cloned; switches send its frames to either"),
    "record-differs": _refuses("the cluster's record", "a running cluster's settings are not changed by a deploy"),
    "other-cluster": _refuses("membership", "the host belongs to another cluster"),
    "cni-present": _refuses("/etc/cni/net.d", "containerd takes the first file by name, whoever wrote it"),
    "link-present": _warns("links of network plugins", "another plugin, or one that was removed by half, is at work"),
    "port-taken": _refuses("ports in use", "another program listens where Kubernetes or the mode has to"),
    "host-unprobed": _warns("whether the wire can be asked", "the host has no python3, or did not answer in time"),
    # Addresses and routes.
    "address-missing": _refuses("the node's address", "the inventory and the host disagree"),
    "link-mtu-small": _refuses("the link's MTU", "the link cannot carry what path_mtu promises"),
    "subnet-overlaps-address": _refuses("pod and service subnets", "the host's own network would be pods'"),
    "subnet-overlaps-route": _refuses("pod and service subnets", "what the route leads to would be pods'"),
}  # fmt: skip
OF_WIRE: Mapping[str, Code] = {
    "address-claimed": _refuses("who answers for a node's address", "two machines of the segment have it"),
    "lane-silent": _refuses("a port or protocol between hosts", "a firewall, a security group or NSX drops it"),
    "lane-refused": _refuses("a port or protocol between hosts", "a firewall rejects it"),
    "lane-unreachable": _refuses("a port or protocol between hosts", "no route, or a router that rejects it"),
    "service-lane-shut": _warns("NodePorts between hosts", "a firewall drops what clients of Services will send"),
    "lane-behind-firewall": _informs("a port or protocol between hosts", "the host's own firewall drops it as yet; the "
                                     "deploy opens it, and verification asks again"),
    "source-changed": _refuses("source addresses", "NAT between hosts: the far end takes the packet for another's"),
    "path-too-small": _refuses("the path's MTU", "a path carries less than path_mtu promises"),
    "path-black-hole": _refuses("the path's MTU", "large packets vanish without a word from the router (ICMP 3/4 is "
                                "filtered): connections of the hosts themselves will hang"),
    "path-asymmetric": _warns("the path's MTU", "the two ways are not the same, or one of them goes through a tunnel"),
    "path-smaller": _informs("the path's MTU", "a tunnel or a cloud's network on the way; pods get what fits"),
    "path-unmeasured": _warns("the path's MTU", "no datagram passes, of which the size could be varied"),
    "segment-routed": _refuses("the segment", "pods' packets travel unwrapped, and a router does not know them"),
    "segment-disguised": _warns("the segment", "one subnet on two segments: a router answers for the far side's hosts "
                                "(proxy ARP)"),
    "tunnel-corrupts": _refuses("TCP through a tunnel", "a NIC's checksum or segmentation offload breaks what is "
                                "inside a tunnel; pings pass all the same"),
    "tunnel-unprobed": _informs("TCP through a tunnel", "the kernel made no such link"),
    "router-silent": _refuses("BGP with a router", "nobody answers on TCP 179, or the passwords differ"),
    "router-refuses": _refuses("BGP with a router", "it does not know this peer"),
    "router-as": _refuses("BGP with a router", "the AS numbers are swapped, or the inventory has another's"),
    "sampled": _informs("which pairs were asked", "beyond 50 hosts a sample: every host, every pair of racks"),
}  # fmt: skip
"""What only packets between hosts can show."""

CODES: Mapping[str, Code] = {**_OF_HOSTS, **OF_WIRE}
