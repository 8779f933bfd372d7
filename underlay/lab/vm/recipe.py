"""The recipe of the virtual machines' image; the hash of this file is part of the image's name."""

import hashlib
import os
from pathlib import Path

from underlay.debian.sources import DebianMirrors
from underlay.lab import recipe
from underlay.lab.system.commands import run

KERNEL = "linux-image-cloud-amd64"
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "openssh-server", "python3-minimal", "kmod", "procps", "initramfs-tools"),
    *("iproute2", "iputils-ping", "nftables", "iptables", "ipset", "ipvsadm", "conntrack", "ethtool", "socat"),
    *("tcpdump", "wireguard-tools", "strongswan-charon", "strongswan-swanctl", "netbase", "ca-certificates"),
    *("curl", "zstd", "util-linux", "mount", "e2fsprogs", KERNEL),
)
SIZE = "2G"  # of the file system, sparse
SEED = "/dev/vdb"  # a disk that is a tar archive: the machine's identity
NETWORK = "/etc/underlay/network"  # from the seed: lines for `ip -batch`

# Written before the kernel is configured, so that its initrd is made once, and small.
INITRD_FILES = {
    "etc/initramfs-tools/conf.d/underlay": "MODULES=list\nBUSYBOX=n\nCOMPRESS=zstd\n",
    "usr/share/initramfs-tools/modules.d/underlay": "virtio_pci\nvirtio_blk\nvirtio_net\nvirtio_rng\next4\n",
}
FILES = {
    "etc/fstab": "",  # the kernel mounts the only file system
    "etc/systemd/journald.conf.d/underlay.conf": "[Journal]\nStorage=volatile\n",
    "etc/systemd/system/underlay-seed.service": f"""\
[Unit]
Description=Apply this machine's identity
DefaultDependencies=no
Before=network-pre.target network.target ssh.service systemd-sysctl.service
Wants=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/tar -xf {SEED} -C /
ExecStart=/usr/sbin/ip -batch {NETWORK}
""",
}
_ENABLED = {"etc/systemd/system/sysinit.target.wants/underlay-seed.service": "../underlay-seed.service"}
# Only what SSH needs is left: every other unit costs time where each instruction is emulated. Devices keep the kernel's
# names, and modules are loaded by name.
_MASKED = (
    *("systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket"),
    *("systemd-udev-trigger.service", "systemd-udev-settle.service", "systemd-udev-load-credentials.service"),
    *("kmod-static-nodes.service", "systemd-tmpfiles-setup-dev.service", "systemd-tmpfiles-setup-dev-early.service"),
    *(f"modprobe@{name}.service" for name in ("configfs", "drm", "fuse", "efi_pstore", "dm_mod", "loop")),
    *("sys-fs-fuse-connections.mount", "sys-kernel-config.mount", "sys-kernel-debug.mount"),
    *("sys-kernel-tracing.mount", "dev-hugepages.mount", "dev-mqueue.mount", "run-lock.mount", "tmp.mount"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer", "e2scrub_all.timer"),
    *("e2scrub_reap.service", "ldconfig.service", "systemd-hwdb-update.service", "systemd-binfmt.service"),
    *("systemd-journal-catalog-update.service", "systemd-firstboot.service", "systemd-pstore.service"),
    *("systemd-journal-flush.service", "systemd-random-seed.service", "systemd-hostnamed.socket"),
    *("systemd-networkd.service", "systemd-networkd.socket", "systemd-networkd-wait-online.service"),
    *("systemd-timesyncd.service", "systemd-remount-fs.service", "getty.target", "strongswan-starter.service"),
    *("strongswan.service", "ipvsadm.service", "nftables.service", "netfilter-persistent.service"),
)
_GENERATORS = ("systemd-ssh-generator", "systemd-gpt-auto-generator", "systemd-debug-generator")


def identity() -> str:
    """Return the name of the image that this recipe makes on this architecture."""
    command = bootstrap(Path(), DebianMirrors("", ""), Path(), first=Path())
    made_of = Path(__file__).read_bytes() + " ".join((*command, os.uname().machine)).encode()
    return f"vm-{recipe.SUITE}-{hashlib.sha256(made_of).hexdigest()[:16]}"


def bootstrap(target: Path, mirrors: DebianMirrors, keyring: Path, *, first: Path) -> tuple[str, ...]:
    """Return the mmdebstrap command; files below `first` are copied in before any package is configured."""
    hook = f"--essential-hook=sync-in {first} /"
    return recipe.bootstrap(target, mirrors, keyring, packages=PACKAGES, options=(hook,))


def write_files(files: dict[str, str], root: Path) -> None:
    """Write files below a root directory."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def polish(root: Path) -> None:
    """Turn the unpacked packages into an image: without an identity, first-boot work or a root password."""
    for path in (*root.glob("etc/ssh/ssh_host_*"), root / "etc/hostname", root / "etc/resolv.conf"):
        path.unlink(missing_ok=True)
    (root / "etc/machine-id").write_text("")
    write_files(FILES, root)
    masked = [*(f"system/{unit}" for unit in _MASKED), *(f"system-generators/{name}" for name in _GENERATORS)]
    links = {**{f"etc/systemd/{name}": "/dev/null" for name in masked}, **_ENABLED}
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)
    run("chroot", str(root), "usermod", "-p", "*", "root")
    for updated in ("etc/.updated", "var/.updated"):
        (root / updated).touch()
