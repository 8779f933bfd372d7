"""What is known of a site from an inventory and its hosts, before its network is chosen."""

from __future__ import annotations

from typing import Any

from underlay.catalog.example_cluster import example_of
from underlay.catalog.sample_inventory import cluster_of
from underlay.model.cluster import Cluster
from underlay.networks.registry import modes
from underlay.resources.answer import Answered
from underlay.resources.kernel_module import KernelModule
from underlay.resources.script import observe_script, read_observations


def read(path: str) -> Cluster:
    """The inventory's cluster, whichever network it names.

    :raises InvalidInventory: with every problem that is not the network's.
    """
    from underlay.run.read_inventory import hosts_and_groups, load  # noqa: PLC0415

    return cluster_of(*hosts_and_groups(load(path)))


def query_hosts(path: str, cluster: Cluster) -> tuple[tuple[int, int], dict[str, str]]:
    """The oldest kernel, and kernel modules that a mode needs and a host lacks: module -> host.

    :raises InvalidInventory: when a host does not answer over SSH.
    """
    from .inventory import answering  # noqa: PLC0415

    needed = sorted(_modules(), key=lambda m: m.module)
    script = observe_script(needed) + "\nprintf '@@ '; uname -r\n"
    kernels: list[tuple[int, int]] = []
    missing: dict[str, str] = {}
    with answering(path, names={n.name for n in cluster.nodes}) as hosts:
        for host in hosts:
            lines = _run(host, script)
            kernels.append(_release(next(text for text in lines if text.startswith("@@ "))[3:]))
            for module, answer in zip(needed, read_observations(needed, lines), strict=True):
                if isinstance(answer, Answered) and module.impossible(answer.line):
                    missing.setdefault(module.module, host.name)
    return min(kernels), missing


def _modules() -> set[KernelModule]:
    found = set()
    for mode in modes():
        network, cluster = example_of(mode)
        found |= {r for r in network.prerequisites(cluster).resources if isinstance(r, KernelModule)}
    return found


def _run(host: Any, script: str) -> list[str]:
    from underlay.run.privilege import run_as_root  # noqa: PLC0415

    # Whoever logs in may ask for these.
    _, output, _ = run_as_root(host, script, {})
    return output.decode(errors="replace").splitlines()


def _release(text: str) -> tuple[int, int]:
    major, minor = text.split(".")[:2]
    return int(major), int("".join(c for c in minor if c.isdigit()) or 0)
