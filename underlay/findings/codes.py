"""The codes of all findings: each never changes its meaning, and has a severity and a likely cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Gravest first. A finding that refuses stops a deploy before any host is changed."""

    REFUSES = "refuses"
    WARNS = "warns"
    INFORMS = "informs"


@dataclass(frozen=True)
class Code:
    """`title` is what was examined, `cause` the likely cause of the finding.

    What is not `acceptable` stops a deploy whatever the inventory says: the deploy could not go on.
    """

    severity: Severity
    title: str
    cause: str
    acceptable: bool = True


def _refuses(title: str, cause: str, *, acceptable: bool = True) -> Code:
    return Code(Severity.REFUSES, title, cause, acceptable)


def _warns(title: str, cause: str) -> Code:
    return Code(Severity.WARNS, title, cause)


def _informs(title: str, cause: str) -> Code:
    return Code(Severity.INFORMS, title, cause)


_OF_HOSTS = {
    "host-unreachable": _refuses("the way to the host", "no SSH connection, or nothing runs there as root",
                                 acceptable=False),
    "unanswered": _refuses("questions that a host did not answer",
                           "a program is missing, a server is down, or the connection broke off; nothing is assumed in "
                           "an answer's place", acceptable=False),
    "deploy-in-progress": _refuses("other deploys", "two runs at once would undo one another's work",
                                   acceptable=False),
    "login-not-root": _refuses("the login", "files, modules and units of a host belong to root", acceptable=False),
    "system-unsupported": _refuses("the operating system",
                                   "packages and paths are known for the supported systems only"),
    "architecture-other": _refuses("the processor's architecture", "binaries and images are built for another",
                                   acceptable=False),
    "kernel-too-old": _refuses("the kernel version", "the deploy or the mode needs features of newer kernels"),
    "kernel-lacks": _refuses("what the mode needs on the host",
                             "a kernel module, a kernel option or a package is not available"),
    "memory-small": _refuses("memory", "kubeadm refuses to run, or the kubelet evicts pods at once"),
    "cpus-few": _refuses("processors", "kubeadm refuses a control plane on one processor"),
    "cgroup-v1": _refuses("the cgroup version", "the kubelet refuses cgroup v1 since Kubernetes 1.35"),
    "disk-full": _refuses("free space in /var/lib", "images and etcd's data are stored there"),
    "disk-slow": _warns("durable writes", "etcd loses its leader when its log is slow: p99 of a WAL fsync below 10 ms "
                        "(etcd.io, hardware recommendations)"),
    "resolver-missing": _refuses("/etc/resolv.conf", "the kubelet passes it to pods, and starts none without it"),
    "resolver-loop": _warns("/etc/resolv.conf",
                            "CoreDNS forwards to the host's resolver; a loopback address there is CoreDNS itself"),
    "resolver-empty": _refuses("the name servers of pods", "DHCP gave none, or systemd-resolved has none: CoreDNS "
                               "forwards to them and does not start"),
    "resolver-link-local": _warns("the name servers of pods", "the server came with a router advertisement; a pod has "
                                  "no link of that name"),
    "endpoint-unresolved": _refuses("the name of control_plane_endpoint", "the name is in no DNS that the host asks, "
                                    "and not in its /etc/hosts"),
    "endpoint-loopback": _refuses("the name of control_plane_endpoint",
                                  "the host's own name is 127.0.1.1 in /etc/hosts"),
    "endpoint-elsewhere": _refuses("the name of control_plane_endpoint", "DNS or /etc/hosts has the address of a "
                                   "worker, or of another control-plane host than the first"),
    "endpoint-differs": _warns("the name of control_plane_endpoint", "hosts ask different name servers, or /etc/hosts "
                               "has an old entry"),
    "subnet-hides-address": _refuses("what the host lives by", "a pod or a Service gets the address of a name server, "
                                     "a router, a mirror, or of where the login comes from"),
    "cgroup-controllers": _refuses("cgroup controllers", "the kernel is booted with cgroup_disable=memory, as on some "
                                   "boards"),
    "file-system-read-only": _refuses("file systems", "an immutable system, or one that was mounted read-only after an "
                                      "error (dmesg)"),
    "file-system-noexec": _refuses("file systems", "a hardened mount: binaries and CNI plugins cannot be run"),
    "volumes-noexec": _warns("file systems", "a hardened mount: emptyDir volumes are there"),
    "inodes-few": _refuses("free inodes in /var/lib", "many small files, or a file system made with few inodes"),
    "tmp-full": _warns("free space in /tmp", "files that nobody removed, or a small tmpfs; a deploy needs none"),
    "ipv6-disabled": _refuses("IPv6", "IPv6 was switched off by hardening"),
    "swap-at-boot": _warns("swap", "a file of the operator's turns it on, and after a boot the kubelet does not start"),
    "clock-off": _refuses("clock differences between hosts", "certificates appear not yet valid, or expired"),
    "hostname-duplicate": _refuses("host names",
                                   "a node is identified by its name: the second host replaces the first"),
    "machine-id-duplicate": _refuses("machine-ids",
                                     "the host was cloned; link-local addresses and DHCP leases collide"),
    "hardware-duplicate": _refuses("MAC addresses", "the host was cloned; switches deliver its frames to either"),
    "record-differs": _refuses("the settings recorded in the cluster",
                               "a deploy does not change them in a running cluster"),
    "other-cluster": _refuses("cluster membership", "the host belongs to another cluster"),
    "node-elsewhere": _refuses("the cluster's list of nodes", "two hosts have one name, or a host was replaced"),
    "etcd-member-left": _refuses("members of etcd", "a control-plane host was installed anew, or is down: kubeadm "
                                 "joins no other while a member does not answer"),
    "etcd-data": _refuses("/var/lib/etcd",
                          "an etcd ran here, a cluster's or Debian's package; kubeadm wants the directory empty"),
    "control-plane-present": _refuses("/etc/kubernetes/manifests", "a control plane runs here, or was not removed"),
    "pki-foreign": _refuses("/etc/kubernetes/pki",
                            "certificates of another cluster: kubeadm join refuses them, or overwrites them"),
    "pki-incomplete": _refuses("/etc/kubernetes/pki", "kubeadm signs with a CA's certificate and its key"),
    "pki-present": _warns("/etc/kubernetes/pki", "the operator's own CA; or one of an old cluster, whose kubeconfigs "
                          "are valid in the new one then"),
    "cni-present": _refuses("/etc/cni/net.d", "containerd uses the first file by name, whatever wrote it"),
    "link-present": _warns("links of network plugins", "another plugin runs, or was not removed completely"),
    "proxy-inside": _informs("proxies of the login", "a proxy for the way out, without no_proxy for what is inside: "
                             "kubectl by hand asks it for the API server"),
    "download-unreachable": _refuses("names that the host downloads from", "a firewall or a proxy blocks the name, or "
                                     "where it redirects to, or looks into TLS"),
    "download-untried": _informs("names that the host downloads from", "a host without curl, which the deploy brings"),
    "image-moved": _refuses("tags of images", "somebody pushed another image under a tag that was published before"),
    "port-taken": _refuses("ports in use", "another program listens on a port that Kubernetes or the mode needs"),
    "host-unprobed": _warns("whether the host can be probed", "the host has no python3, or did not reply in time"),
    "images-unsupplied": _refuses("images that charts run", "a bundle has what Underlay builds; images of charts come "
                                  "from their registries, which a site without a way out does not reach"),
    # Addresses and routes.
    "address-missing": _refuses("the node's address", "the inventory and the host disagree"),
    "source-other": _warns("the source address towards other nodes", "the host has several addresses, and the kernel "
                           "takes another one than the inventory"),
    "source-shut": _refuses("the source address towards other nodes", "the same, and a firewall lets in nodes by the "
                            "addresses of the inventory"),
    "link-mtu-small": _refuses("the link's MTU", "the link cannot carry packets of path_mtu"),
    "subnet-overlaps-address": _refuses("pod and Service subnets",
                                        "packets to the host's own network would go to pods or Services"),
    "subnet-overlaps-route": _refuses("pod and Service subnets",
                                      "packets to the route's destination would go to pods or Services"),
    "subnet-inside-route": _informs("pod and Service subnets",
                                    "a VPN takes all addresses by two routes; narrower routes come before them"),
}  # fmt: skip
OF_WIRE: Mapping[str, Code] = {
    "address-claimed": _refuses("ARP for a node's address", "two machines on the segment have the address"),
    "lane-silent": _refuses("a port or protocol between hosts", "a firewall, a security group or NSX drops it"),
    "lane-refused": _refuses("a port or protocol between hosts", "a firewall rejects it"),
    "lane-unreachable": _refuses("a port or protocol between hosts", "there is no route, or a router rejects it"),
    "service-lane-shut": _warns("NodePorts between hosts", "a firewall drops what clients of Services send"),
    "lane-behind-firewall": _informs("a port or protocol between hosts", "the host's own firewall still drops it; the "
                                     "deploy opens it, and verification checks again"),
    "source-changed": _refuses("source addresses", "NAT between hosts: the peer takes the packet for another host's"),
    "path-too-small": _refuses("the path MTU", "a path carries less than path_mtu"),
    "path-black-hole": _refuses("the path MTU", "large packets are dropped without an ICMP error (type 3 code 4 is "
                                "filtered): connections of the hosts themselves will hang"),
    "path-asymmetric": _warns("the path MTU",
                              "the two directions take different paths, or one of them goes through a tunnel"),
    "path-smaller": _informs("the path MTU", "a tunnel or a cloud's network on the path; the pod MTU follows it"),
    "path-unmeasured": _warns("the path MTU", "no datagram passes whose size could be varied"),
    "segment-routed": _refuses("the segment",
                               "pods' packets are not encapsulated, and a router does not know their addresses"),
    "segment-disguised": _warns("the segment", "one subnet on two segments: a router answers for the other's "
                                "hosts (proxy ARP)"),
    "tunnel-corrupts": _refuses("TCP through a tunnel", "a NIC's checksum or segmentation offload corrupts "
                                "packets inside a tunnel; pings pass all the same"),
    "tunnel-unprobed": _informs("TCP through a tunnel", "the kernel could not create the link"),
    "router-silent": _refuses("BGP with a router", "the router does not answer on TCP 179, or the passwords differ"),
    "router-refuses": _refuses("BGP with a router", "the router does not know this peer"),
    "router-as": _refuses("BGP with a router", "the AS numbers are swapped, or the inventory has a wrong one"),
    "sampled": _informs("which pairs were probed",
                        "beyond 50 hosts a sample is probed: every host, every pair of racks"),
}  # fmt: skip
"""Codes that need packets between hosts."""

CODES: Mapping[str, Code] = {**_OF_HOSTS, **OF_WIRE}
