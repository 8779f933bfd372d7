"""The environment of Go's tools: their output is fixed, their cache is kept, and they may use the memory there is."""

from __future__ import annotations

import os
from pathlib import Path

from underlay.artifacts.home import build_directory

_ROOT = Path("/")
_GIB = 1 << 30
# Without a garbage collection, compiling k8s.io/api/core/v1 takes 30 % less processor time and 1.1 GiB of memory,
# google.golang.org/grpc 6 % less; over all of etcd, whose packages are small, no difference was measured.
_ENOUGH = _GIB


def go_environment(*, cgo: bool = False, arch: str | None = None) -> dict[str, str]:
    """Return this process's environment, with variables that change the output set to fixed values.

    GOCACHE, GOGC and GOMEMLIMIT of this process are kept: they change how long a build takes, not what it makes.
    """
    env = {k: v for k, v in os.environ.items() if k not in ("GOFLAGS", "GOWORK", "GOEXPERIMENT")}
    env |= {"GOWORK": "off", "CGO_ENABLED": "1" if cgo else "0", "GOOS": "linux"}
    env.setdefault("HOME", "/root")
    if not env.get("GOCACHE"):
        env["GOCACHE"] = str(compiler_cache())
    if not env.get("GOGC") and not env.get("GOMEMLIMIT"):
        env |= memory_limits(free_memory(), processes=2 * (os.cpu_count() or 1))
    return env | ({"GOARCH": arch} if arch else {})


def compiler_cache() -> Path:
    """Return the directory of compiled packages; Go deletes what no build has used for five days."""
    return Path(os.environ.get("GOCACHE") or build_directory() / "cache")


def size_of(directory: Path) -> int:
    """Return the size of all files below a directory in bytes; 0 if there is none."""
    return sum(p.lstat().st_size for p in directory.rglob("*") if not p.is_dir())


def memory_limits(free: int, *, processes: int) -> dict[str, str]:
    """Return settings of Go's garbage collector for `processes` compilers at once in `free` bytes; none if too few.

    Half of the memory is divided among them. Source: https://go.dev/doc/gc-guide#Memory_limit.
    """
    share = free // 2 // processes
    return {"GOGC": "off", "GOMEMLIMIT": f"{share >> 20}MiB"} if share >= _ENOUGH else {}


def free_memory(root: Path = _ROOT) -> int:
    """Return how many bytes this process can allocate: what the machine has available, or less by its cgroup's limit;
    0 if that is unknown."""
    try:
        text = (root / "proc/meminfo").read_text(encoding="utf-8")
        available = next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return 0
    # Inside a container this is the container's own cgroup; on a machine the root cgroup has no such files.
    cgroup = root / "sys/fs/cgroup"
    try:
        limit, used = (int((cgroup / name).read_text(encoding="utf-8")) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):
        return available
    return max(0, min(available, limit - used))
