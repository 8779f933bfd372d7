"""The recipe of the hosts' base image; the hash of this file is part of the image's name."""

import hashlib
import os
from pathlib import Path

from underlay.debian.sources import DebianMirrors
from underlay.lab.system.commands import run

SUITE = "trixie"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "openssh-server", "sudo", "python3-minimal", "kmod", "procps"),
    *("iproute2", "iputils-ping", "nftables", "iptables", "ipset", "conntrack", "ethtool", "socat", "tcpdump"),
    *("util-linux", "mount", "e2fsprogs", "netbase", "ca-certificates", "curl", "less", "zstd", "runc"),
    *("frr", "frr-pythontools"),
)
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")

# Units without a purpose on hosts that share the machine's kernel and devices, or that only cost time there.
# The apt timers can hold the dpkg lock when a deploy needs it.
MASKED = (
    *("systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket"),
    *("systemd-udev-trigger.service", "systemd-udev-settle.service", "systemd-udev-load-credentials.service"),
    *("console-getty.service", "getty.target", "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount"),
    *("systemd-hwdb-update.service", "ldconfig.service", "systemd-journal-catalog-update.service"),
    *("systemd-update-done.service", "systemd-firstboot.service", "systemd-pcrphase.service"),
    *("e2scrub_reap.service", "e2scrub_all.timer", "fstrim.timer", "dpkg-db-backup.timer"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "apt-daily.service", "apt-daily-upgrade.service"),
    *(f"modprobe@{name}.service" for name in ("configfs", "drm", "fuse", "efi_pstore", "dm_mod", "loop")),
    *("dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("sys-fs-fuse-connections.mount", "sys-kernel-config.mount"),
    *("systemd-networkd.service", "systemd-networkd.socket", "systemd-networkd-wait-online.service"),
)

# Installed in the image so that no host downloads it; started where routers are configured.
DISABLED = ("frr.service",)


def identity() -> str:
    """Return the name of the image that this recipe makes on this architecture."""
    recipe = Path(__file__).read_bytes() + os.uname().machine.encode()
    return f"{SUITE}-{hashlib.sha256(recipe).hexdigest()[:16]}"


def bootstrap(
    target: Path,
    mirrors: DebianMirrors,
    keyring: Path,
    *,
    packages: tuple[str, ...] = PACKAGES,
    options: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Return the mmdebstrap command that unpacks the packages below `target`."""
    sources = [f"deb {mirrors.archive} {SUITE} main", f"deb {mirrors.archive} {SUITE}-updates main"]
    if mirrors.security:
        sources.append(f"deb {mirrors.security} {SUITE}-security main")
    return (
        *("mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory"),
        f"--include={','.join(packages)}",
        f"--keyring={keyring}",
        "--aptopt=Acquire::Check-Valid-Until false",  # a snapshot mirror has expired Release files
        "--aptopt=Acquire::Languages none",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        "--dpkgopt=force-unsafe-io",
        *options,
        *(SUITE, str(target), *sources),
    )


def polish(root: Path) -> None:
    """Turn the unpacked packages into an image: without an identity, first-boot work or a root password."""
    for path in (*root.glob("etc/ssh/ssh_host_*"), root / "var/lib/dbus/machine-id", root / "etc/hostname"):
        path.unlink(missing_ok=True)
    # Five processes at each login, for a line that nobody reads.
    for path in root.glob("etc/update-motd.d/*"):
        path.unlink()
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text("")
    (root / "etc/machine-id").write_text("")
    # OpenSSH's first choice withstands quantum computers, and costs 80 ms of processor time for each connection.
    (root / "etc/ssh/sshd_config.d/key-exchange.conf").write_text(
        "KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org\n"
    )
    units = root / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    for unit in DISABLED:
        run("chroot", str(root), "systemctl", "-q", "disable", unit)
    run("chroot", str(root), "usermod", "-p", "*", "root")
    run("chroot", str(root), "ldconfig")
    run("chroot", str(root), "journalctl", "--update-catalog")
    for updated in ("etc/.updated", "var/.updated"):
        (root / updated).touch()
