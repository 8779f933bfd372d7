"""Runs commands of this machine; their errors are one sentence."""

import os
import shutil
import subprocess

from underlay.lab.model.errors import LabError

from . import locks

PACKAGE_OF = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "mmdebstrap": "mmdebstrap",
    "depmod": "kmod",
    "modprobe": "kmod",
    "ssh": "openssh-client",
    "qemu-system-x86_64": "qemu-system-x86",
    "mkfs.ext4": "e2fsprogs",
}
_PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"  # `su` without a login omits these


def run(*command: str, stdin: str = "", timeout: float = 60) -> str:
    """Run a command and return its stdout.

    :param timeout: in seconds.
    :raises LabError: when it fails, with the end of its output, or is not installed.
    """
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
            pass_fds=locks.inherited(),
            env={**os.environ, "PATH": _PATH},
        )
    except FileNotFoundError:
        raise missing(command[0]) from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(command)}: still running after {timeout:.0f} s") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{' '.join(command)}: {'; '.join(lines[-3:]) or f'exit status {done.returncode}'}")
    return done.stdout


def batch(lines: list[str], *, namespace: str | None = None) -> None:
    """Run `ip` commands in one process, in a network namespace or in this machine's own.

    :raises LabError: when one fails.
    """
    if lines:
        where = ("-n", namespace) if namespace else ()
        try:
            run("ip", *where, "-batch", "-", stdin="\n".join(lines) + "\n")
        except LabError as error:
            raise LabError(f"{error} (in: {'; '.join(lines)})") from None


def missing(tool: str) -> LabError:
    """Return the error for a command that is not installed."""
    return LabError(f"{tool}: not installed; install the package {PACKAGE_OF.get(tool, tool)}")


def installed(tool: str) -> bool:
    """Return whether a command is installed on this machine."""
    return shutil.which(tool, path=_PATH) is not None
