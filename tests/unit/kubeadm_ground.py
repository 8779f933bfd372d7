"""A host on which kubeadm begins, fails and is undone: a tree of this machine, and programs in others' place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from underlay.plan import attempt
from underlay.resources.api_server import MEMBER

from .local_host import Shell

CNI = "/etc/cni/net.d/10-flannel.conflist"
_PLACES = ("/etc/kubernetes", "/etc/cni", "/var/lib", "/var/log", "/sys/class/net", "/proc/self/mountinfo")
_DIRECTORIES = ("etc/kubernetes/manifests", "etc/cni/net.d", "var/lib/underlay", "var/log", "sys/class/net/eth0")


class Ground:
    """A host's tree below a directory of this machine."""

    def __init__(self, root: Path, program: str = "sh") -> None:
        self.root = root
        (root / "bin").mkdir(parents=True)
        self.shell = Shell(program, root / "bin", {place: f"{root}{place}" for place in _PLACES})
        self.write(["/proc/self/mountinfo"], "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
        for directory in (
            "/etc/kubernetes/manifests",
            "/etc/cni/net.d",
            "/var/lib/underlay",
            "/var/log",
            "/sys/class/net/eth0",
        ):
            (root / directory[1:]).mkdir(parents=True)
        self.shell.program_is("systemctl", f'echo systemctl "$@" >>{root}/ran')
        self.shell.program_is("unshare", "cat >/dev/null")
        self.shell.program_is("ctr", "true")
        self.shell.program_is("ip", f'echo ip "$@" >>{root}/ran')
        self.shell.program_is("umount", f'echo umount "$@" >>{root}/ran; sed -i "\\# $1 #d" {root}/proc/self/mountinfo')

    def write(self, paths: Iterable[str], text: str) -> None:
        for path in paths:
            file = self.root / path[1:]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def files(self) -> dict[str, str]:
        parts = ("etc", "var/lib/etcd", "var/lib/kubelet")
        found = (p for part in parts for p in (self.root / part).rglob("*") if p.is_file())
        return {f"/{p.relative_to(self.root)}": p.read_text() for p in found}

    def begin(self) -> None:
        assert self.shell.run("set -eu\n" + attempt.record()).rc == 0
        self.write([MEMBER], "started ordinary 192.0.2.1:6443\n")

    def undo(self, *, etcd: bool = True) -> None:
        text = attempt.undo(etcd=etcd, member=False, files=[CNI], links=["cni0"])
        ran = self.shell.run(f"set -eu\n{text}\necho reached\n")
        assert (ran.rc, ran.stdout) == (0, "reached\n"), ran.stderr
