"""A box for Vagrant's libvirt provider out of Debian's packages: an ordinary installation, and nothing of the lab's.

Made once, and named by the hash of what it is made of. The emulator loads its kernel, so that no boot loader is run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from underlay.debian.sources import debian_mirrors
from underlay.lab.image import KEYRING, install_tools, unpack
from underlay.lab.model import paths
from underlay.lab.vm.recipe import INITRD_FILES, KERNEL, write_files
from underlay.plan.host_prerequisites import PACKAGES

SIZE_GB = 12
_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "openssh-server", "sudo", "python3-minimal", "kmod", "procps", "less"),
    *("ifupdown", "isc-dhcp-client", "iproute2", "netbase", "ca-certificates", "initramfs-tools", "e2fsprogs", "zstd"),
    # What a deploy installs: there is no mirror behind these machines.
    *PACKAGES,
    "runc",
    KERNEL,
)
# As for the lab's own virtual machines (underlay/lab/vm/emulator.py): emulated clocks cannot be trusted.
_KERNEL_LINE = (
    "root=/dev/vda rootfstype=ext4 ro console=ttyS0 quiet net.ifnames=0 "
    "mitigations=off tsc=reliable no_timer_check panic=1 clocksource=acpi_pm"
)
_FILES = {
    "etc/fstab": "/dev/vda / ext4 defaults 0 1\n",
    "etc/hostname": "debian\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
    "etc/machine-id": "",
    "etc/network/interfaces": (
        "auto lo\niface lo inet loopback\n"
        "allow-hotplug eth0\niface eth0 inet dhcp\n"
        "source /etc/network/interfaces.d/*\n"
    ),
    "etc/sudoers.d/vagrant": "vagrant ALL=(ALL) NOPASSWD: ALL\n",
    "etc/ssh/sshd_config.d/vagrant.conf": "UseDNS no\n",
    "etc/systemd/system/host-keys.service": (
        "[Unit]\nBefore=ssh.service\nConditionPathExists=!/etc/ssh/ssh_host_ed25519_key\n"
        "[Service]\nType=oneshot\nExecStart=/usr/bin/ssh-keygen -A\n"
        "[Install]\nWantedBy=multi-user.target\n"
    ),
}
_BOX = f"""\
Vagrant.configure("2") do |config|
  config.vm.provider :libvirt do |machine|
    machine.kernel = File.join(__dir__, "vmlinuz")
    machine.initrd = File.join(__dir__, "initrd")
    machine.cmd_line = "{_KERNEL_LINE}"
  end
end
"""


def box(suite: str) -> Path:
    """The box of a release, a file for `vagrant box add`; it is made if this recipe was not made here before."""
    made_of = Path(__file__).read_bytes() + " ".join(_PACKAGES).encode()
    path = paths.images() / f"vagrant-{suite}-{hashlib.sha256(made_of).hexdigest()[:16]}.box"
    if not path.exists():
        for leftover in paths.images().glob(f"vagrant-{suite}-*"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        building = path.with_suffix(".building")
        building.mkdir(parents=True)
        _build(building, suite)
        (building / "box").rename(path)
        shutil.rmtree(building)
    return path


def _build(at: Path, suite: str) -> None:
    install_tools()
    tree, first, parts = at / "tree", at / "first", at / "parts"
    for directory in (tree, parts):
        directory.mkdir()
    write_files(INITRD_FILES, first)
    unpack(_bootstrap(tree, first, suite), what=f"Vagrant box of {suite}")
    _configure(tree)
    for part, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd", "initrd.img-*")):
        shutil.copyfile(next((tree / "boot").glob(pattern)), parts / part)
    disk = at / "disk.img"
    _run("mkfs.ext4", "-q", "-F", "-L", "root", "-d", str(tree), str(disk), f"{SIZE_GB}G")
    _run("qemu-img", "convert", "-O", "qcow2", str(disk), str(parts / "box.img"))
    about = {"provider": "libvirt", "format": "qcow2", "virtual_size": SIZE_GB}
    (parts / "metadata.json").write_text(json.dumps(about))
    (parts / "Vagrantfile").write_text(_BOX)
    _run("tar", "-C", str(parts), "-I", "gzip -1", "-cf", str(at / "box"), *sorted(p.name for p in parts.iterdir()))


def _bootstrap(tree: Path, first: Path, suite: str) -> tuple[str, ...]:
    mirrors = debian_mirrors()
    sources = [f"deb {mirrors.archive} {suite} main"]
    if mirrors.security:
        sources.append(f"deb {mirrors.security} {suite}-security main")
    return (
        *("mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory"),
        *(f"--include={','.join(_PACKAGES)}", f"--keyring={KEYRING}", f"--essential-hook=sync-in {first} /"),
        *("--aptopt=Acquire::Languages none", "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*"),
        *(suite, str(tree), *sources),
    )


def _configure(tree: Path) -> None:
    """The user that Vagrant logs in as, an address by DHCP, and no identity."""
    for key in tree.glob("etc/ssh/ssh_host_*"):
        key.unlink()
    write_files(_FILES, tree)
    (tree / "etc/sudoers.d/vagrant").chmod(0o440)
    _run("chroot", str(tree), "useradd", "-m", "-s", "/bin/bash", "vagrant")
    _run("chroot", str(tree), "systemctl", "-q", "enable", "host-keys.service")
    # What each box starts with, and what Vagrant replaces when it first logs in.
    root = subprocess.run(
        ["ruby", "-e", 'require "vagrant"; puts Vagrant.source_root'], check=True, capture_output=True, text=True
    ).stdout.strip()
    public = "".join(path.read_text() for path in sorted(Path(root, "keys").glob("vagrant.pub*")))
    write_files({"home/vagrant/.ssh/authorized_keys": public}, tree)
    _run("chroot", str(tree), "chown", "-R", "vagrant:vagrant", "/home/vagrant/.ssh")
    _run("chroot", str(tree), "chmod", "-R", "go=", "/home/vagrant/.ssh")


def _run(*command: str) -> None:
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    subprocess.run(["nice", *command], check=True, env={**os.environ, "PATH": path}, timeout=900)
