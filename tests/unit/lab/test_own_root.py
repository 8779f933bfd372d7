"""A lab refuses a real chroot, of every kind, and nothing that only resembles one."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from underlay.cli import bundle
from underlay.lab import lifecycle
from underlay.lab.model.errors import LabError
from underlay.lab.model.topology import Lab

ROOT = Path(__file__).resolve().parents[3]
# A root file system of its own at R, a mount point, made of this machine's directories; $R/plain is one that is none.
MAKE = """set -e
mount -t tmpfs none {root}; R={root}; mkdir $R/plain
fill() {{ for d in /*; do n=${{d#/}}
    if [ -L $d ]; then cp -d $d $1/$n; elif [ -d $d ]; then mkdir -p $1/$n; mount --rbind $d $1/$n; fi; done; }}
"""
ENTERED = {
    "as it is": "{probe}",
    "a namespace of mounts": "unshare -m {probe}",
    "pivot_root": "fill $R; cd $R; pivot_root . .; umount -l .; cd /; {probe}",
    "pivot_root that keeps the old root": "fill $R; mkdir $R/old; cd $R; pivot_root . old; cd /; {probe}",
    "pivot_root, then a namespace": "fill $R; cd $R; pivot_root . .; umount -l .; cd /; unshare -m {probe}",
    "as an initial RAM disk does": "fill $R; cd $R; mount --move . /; chroot . {probe}",
    "chroot to where one is": "chroot / {probe}",
}
CHROOTS = {
    "a directory": "fill $R/plain; chroot $R/plain {probe}",
    "a mount point": "fill $R; chroot $R {probe}",
    "the machine's root, mounted again": "mount --rbind / $R/plain; chroot $R/plain {probe}",
    "a directory, after pivot_root": "fill $R; cd $R; pivot_root . .; umount -l .; cd /; mkdir p; fill p; chroot p {probe}",
}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes a chroot: needs root")


def probed(entering: str, root: Path) -> str:
    """What the check says in a process that got there by a script."""
    code = "from underlay.lab.system.own_root import refuse_chroot; refuse_chroot(); print('accepted')"
    probe = shlex.join(["env", f"PYTHONPATH={ROOT}", sys.executable, "-c", code])
    script = MAKE.format(root=root) + entering.format(probe=probe)
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, cwd="/", check=False)
    return (done.stdout + done.stderr).strip()


@needs_root
@pytest.mark.parametrize("entering", ENTERED.values(), ids=ENTERED)
def test_takes_a_root_that_is_the_namespaces_own(entering: str, tmp_path: Path) -> None:
    assert probed(entering, tmp_path) == "accepted"


@needs_root
@pytest.mark.parametrize("entering", CHROOTS.values(), ids=CHROOTS)
def test_refuses_a_chroot_with_a_remedy(entering: str, tmp_path: Path) -> None:
    assert probed(entering, tmp_path).splitlines()[-1] == (
        "underlay.lab.model.errors.LabError: lab: this is a chroot (whatever enters a container would land in the "
        "machine's own root directory); enter this root file system by pivot_root instead (docs/lab.md shows how), "
        "or use a virtual machine"
    )


def refuse() -> None:
    raise LabError("lab: this is a chroot")


def test_nothing_boots_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNDERLAY_HOME", str(tmp_path))
    monkeypatch.setattr(lifecycle, "this_machine", lambda: None)
    monkeypatch.setattr(lifecycle, "refuse_chroot", refuse)
    lab = Lab("rooted")
    for start in (lambda: lifecycle.up(lab), lambda: lifecycle.boot(lab, "cp-1"), lifecycle.prepare_image):
        with pytest.raises(LabError, match="this is a chroot"):
            start()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_compiled_there_for_a_lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNDERLAY_HOME", str(tmp_path))
    monkeypatch.setattr(bundle, "refuse_chroot", refuse)
    done = CliRunner().invoke(bundle.bundle_command, ["--prefill"])
    assert isinstance(done.exception, LabError)
    assert list(tmp_path.iterdir()) == []
