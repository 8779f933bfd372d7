"""Somewhere for Vagrant: libvirt in namespaces of its own, a project as `underlay init` lays one out, and a box.

Nothing of it is the machine's: network, processes, /run, and libvirt's files end with the first process inside.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.deployed import Run
from tests.lab.waiting import until
from underlay.artifacts.home import bundle_directory

from .vagrant_box import box

SUITES = ("trixie", "bookworm")
UNDERLAY = str(Path(sys.executable).with_name("underlay"))
# libvirt's own, which are the machine's where it is installed.
_OWN = ("/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt")
_QEMU = """\
security_driver = "none"
user = "root"
group = "root"
cgroup_controllers = [ ]
namespaces = [ ]
remember_owner = 0
stdio_handler = "file"
"""
_FIRST = """
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /run/lock
for own in {own}; do mkdir -p "$own" {at}"$own"; mount --bind {at}"$own" "$own"; done
ip link set lo up
virtlogd -d
libvirtd -d
touch {at}/ready
# Not exec: whose parent is gone, this shell takes leave of.
while sleep 3600; do :; done
"""
HOUR_S = 3600


@dataclass(frozen=True)
class VagrantSite:
    """`project` is where commands run; `first` is the first process of the namespaces."""

    project: Path
    first: int
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> Run:
        """A command inside; emulated machines take their time."""
        inside = ("nsenter", f"--target={self.first}", "--net", "--mount", "--pid")
        done = subprocess.run(
            [*inside, "env", f"--chdir={self.project}", *command],
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=HOUR_S,
        )
        print(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}", flush=True)
        return Run(done.returncode, done.stdout + done.stderr)

    def ssh(self, name: str, command: str) -> str:
        """Standard output of a command on a machine, by Vagrant's own way to it."""
        ran = self.run("vagrant", "ssh", name, "--no-tty", "--command", command)
        assert ran.code == 0, ran.end
        return ran.text

    def virsh(self, *words: str) -> list[str]:
        """The names that a list of libvirt's has."""
        ran = self.run("virsh", "--connect", "qemu:///system", *words, "--name")
        assert ran.code == 0, ran.end
        return ran.text.split()


@contextmanager
def standing(**changed: Any) -> Iterator[VagrantSite]:
    """A site with no machine yet; gone after, machines and all.

    :param changed: of `vagrant.json`; None leaves something out.
    """
    scratch = Path(tempfile.mkdtemp(prefix="underlay-vagrant-", dir="/var/tmp"))
    first: subprocess.Popen[bytes] | None = None
    try:
        boxes = {suite: box(suite) for suite in SUITES}
        for own in _OWN:
            shutil.copytree(own, f"{scratch}{own}") if own == "/etc/libvirt" else Path(f"{scratch}{own}").mkdir(
                parents=True
            )
        (scratch / "etc/libvirt/qemu.conf").write_text(_QEMU)
        script = _FIRST.format(own=" ".join(_OWN), at=scratch)
        namespaces = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        first = subprocess.Popen([*namespaces, "bash", "-c", script])
        until(lambda: (scratch / "ready").exists() or first.poll() is not None, within=60)
        site = VagrantSite(_project(scratch, changed), _child(first.pid), _variables(scratch))
        for suite, image in boxes.items():
            added = site.run(
                "vagrant", "box", "add", "--provider", "libvirt", "--name", f"underlay/{suite}", str(image)
            )
            assert added.code == 0, added.end
        yield site
    finally:
        if first:
            first.kill()
            first.wait()
        shutil.rmtree(scratch)


def _project(scratch: Path, changed: dict[str, Any]) -> Path:
    """The project of a user who has no way out, so a bundle."""
    subprocess.run([UNDERLAY, "init", "site"], cwd=scratch, check=True, capture_output=True)
    project = scratch / "site"
    listed = (
        json.loads((project / "vagrant.json").read_text())
        | {"provider": "emulation", "box": f"underlay/{SUITES[0]}"}
        | changed
    )
    (project / "vagrant.json").write_text(json.dumps({k: v for k, v in listed.items() if v is not None}))
    inventory = project / "inventories/vagrant.py"
    bundle = f'"artifacts": {{"source": "bundle", "path": "{bundle_directory()}"}}'
    text, count = re.subn(r'"artifacts": \{.*\}', bundle, inventory.read_text())
    assert count == 1
    inventory.write_text(text)
    return project


def _variables(scratch: Path) -> dict[str, str]:
    return {
        "HOME": str(scratch),
        "VAGRANT_HOME": str(scratch / "home"),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
        "PYINFRA_PROGRESS": "off",
        # Ten to twenty times as slow as hardware.
        "UNDERLAY_PATIENCE": "1500",
    }


def _child(pid: int) -> int:
    """The only child of a process."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
