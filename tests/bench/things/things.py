"""The thirty things: what a Kubernetes host typically needs, in the proportions of our own plan of a host.

A list of packages is one thing, as all three tools ask for a list at once. The module's and the sysctls' files are
things too: without them a reboot undoes the rest.
"""

from __future__ import annotations

from underlay.resources import kernel_module, sysctl
from underlay.resources.file import Directory, File
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl
from underlay.resources.unit import Unit

PACKAGES = ("curl", "conntrack", "ethtool", "socat", "nftables")
MODULE = "overlay"
SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.default.accept_redirects": "0",
    "net.ipv4.tcp_keepalive_time": "600",
    "net.ipv4.tcp_fin_timeout": "30",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.tcp_max_syn_backlog": "8192",
    "net.core.somaxconn": "4096",
}
DIRECTORIES = tuple(f"/etc/bench/{name}" for name in ("kubernetes", "manifests", "cni", "containerd", "certs", "hosts"))
FILES = {f"/etc/bench/{name}.conf": f"# {name}\n" + "".join(f"{name}.{n} = {n * n}\n" for n in range(50)) for name in (
    "containerd", "kubelet", "kubeadm", "crictl", "cni", "logging", "limits", "proxy"
)}  # fmt: skip
UNITS = ("ssh.service", "systemd-journald.service")


def things() -> tuple[Resource, ...]:
    """All thirty, as our deploy declares them."""
    modules = (KernelModule(MODULE),)
    sysctls = tuple(Sysctl(key, value) for key, value in SYSCTLS.items())
    return (
        Packages(PACKAGES),
        *modules,
        kernel_module.persisted(modules),
        *sysctls,
        sysctl.persisted(sysctls),
        *(Directory(path) for path in DIRECTORIES),
        *(File(path, content) for path, content in FILES.items()),
        *(Unit(unit) for unit in UNITS),
    )


def written() -> dict[str, str]:
    """Every file among the things: path -> content, root's and mode 644."""
    return {thing.path: thing.content or "" for thing in things() if isinstance(thing, File)}
