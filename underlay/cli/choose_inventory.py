"""What is known of a site from an inventory and its hosts, before its network is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from underlay.catalog.example_cluster import example_of
from underlay.catalog.sample_inventory import cluster_of
from underlay.model.cluster import Cluster
from underlay.networks.registry import modes
from underlay.plan.host_questions import KERNEL
from underlay.preflight.unanswered_findings import unanswered_findings
from underlay.resources.answer import Answer, Answered
from underlay.resources.kernel_module import KernelModule
from underlay.resources.resource import Question
from underlay.resources.script import observe_script, read_observations


def read(path: str) -> Cluster:
    """The inventory's cluster, whichever network it names.

    :raises InvalidInventory: with every problem that is not the network's.
    """
    from underlay.run.read_inventory import hosts_and_groups, load  # noqa: PLC0415

    return cluster_of(*hosts_and_groups(load(path)))


def query_hosts(path: str, cluster: Cluster) -> tuple[tuple[int, int], dict[str, str]]:
    """The oldest kernel, and kernel modules that a mode needs and a host lacks: module -> host.

    :raises InvalidInventory: when a host does not answer over SSH, or not all questions.
    """
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415

    from .inventory import answering  # noqa: PLC0415

    needed = sorted(_modules(), key=lambda m: m.module)
    kernels: list[tuple[int, int]] = []
    missing: dict[str, str] = {}
    problems: list[str] = []
    with answering(path, names={n.name for n in cluster.nodes}) as hosts:
        for host in hosts:
            kernel, *known = _answers(host, needed)
            all_answers = {KERNEL.about: kernel, **{m.title: a for m, a in zip(needed, known, strict=True)}}
            problems += (finding.line for finding in unanswered_findings(host.name, all_answers))
            if isinstance(kernel, Answered):
                kernels.append(_release(kernel.line))
            for module, answer in zip(needed, known, strict=True):
                if isinstance(answer, Answered) and module.impossible(answer.line):
                    missing.setdefault(module.module, host.name)
    if problems:
        raise InvalidInventory(problems)
    return min(kernels), missing


def _modules() -> set[KernelModule]:
    found = set()
    for mode in modes():
        network, cluster = example_of(mode)
        found |= {r for r in network.prerequisites(cluster).resources if isinstance(r, KernelModule)}
    return found


def _answers(host: Any, needed: Sequence[KernelModule]) -> list[Answer]:
    from underlay.run.privilege import run_as_root  # noqa: PLC0415

    # Whoever logs in may ask for these.
    questions: list[Question] = [KERNEL, *needed]
    _, output, _ = run_as_root(host, observe_script(questions), {})
    kernel, *known = read_observations(questions, output.decode(errors="replace").split("\n"))
    return [KERNEL.read(kernel), *known]


def _release(text: str) -> tuple[int, int]:
    major, minor = text.split(".")[:2]
    return int(major), int("".join(c for c in minor if c.isdigit()) or 0)
