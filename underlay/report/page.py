"""The report as one page that needs nothing but itself: it is mailed, printed, and opened years later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from underlay.templates import render, source

from .document import Proven, Report
from .grouping import by_claim, by_result
from .matrix import matrix
from .outcome import causes_first, grouped, suspect
from .speeds import speeds
from .topology import topology

# Up to this many nodes both pictures fit side by side.
SIDE_BY_SIDE = 6
MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}


def page(report: Report) -> str:
    return render(
        "report.html",
        report=report,
        style=Markup(source("report.css")),  # noqa: S704
        topology=Markup(topology(report)),  # noqa: S704
        matrix=Markup(matrix(report)),  # noqa: S704
        speeds=speeds(report.paths),
        groups=grouped(report.checks),
        failed=report.of("failed"),
        proven=_by_group(report.proven),
        side_by_side=len(report.nodes) <= SIDE_BY_SIDE,
        failures={area: by_result(checks) for area, checks in by_claim(causes_first(report.of("failed"))).items()},
        suspect=suspect(report.checks),
        longest=max((p.seconds for p in report.phases), default=0) or 1,
        spent=sum(p.seconds for p in report.phases),
        marks=MARKS,
        facts=_facts(report),
    )


def _by_group(proven: Sequence[Proven]) -> dict[str, list[tuple[str, int]]]:
    """Group -> claims and how many checks each; a claim below its group does not repeat it."""
    found: dict[str, list[tuple[str, int]]] = {}
    for item in proven:
        claim = item.area.removeprefix(f"{item.group}: ")
        found.setdefault(item.group or "Other", []).append((claim, item.checks))
    return found


def _facts(report: Report) -> list[tuple[str, Any]]:
    """Name and value of what is known of the cluster; unknown values are left out."""
    network = report.network
    found = [
        ("network", network.mode),
        ("data path", network.data_path),
        ("pod MTU", f"{network.pod_mtu} bytes"),
        ("path MTU", f"{network.path_mtu} bytes" if network.path_mtu else ""),
        ("pods", ", ".join(network.pod_subnets or [network.pod_subnet])),
        ("services", ", ".join(network.service_subnets)),
        ("kube-proxy mode", network.kube_proxy),
        ("routes by", network.routes),
        *((name, ", ".join(values)) for name, values in report.versions.items()),
    ]
    return [(name, value) for name, value in found if value]
