"""Findings about proxies in a login's environment: the deploy does not use them inside the cluster, others would."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.plan.host_questions import HostAnswers
from underlay.plan.proxies import made_of
from underlay.resources.answer import Answered


def proxy_problems(cluster: Cluster, answers: HostAnswers) -> Problems:
    """That programs started from such a login reach the cluster's own addresses through a proxy."""
    match answers.get("proxies"):
        case Answered(line):
            words = (word.partition("=") for word in line.split())
            variables = {name: value for name, _, value in words if name.lower().endswith("_proxy")}
        case _:
            return
    exempt = [e for k, v in variables.items() if k.lower() == "no_proxy" for e in v.split(",") if e]
    proxies = {k: v for k, v in variables.items() if k.lower() != "no_proxy"}
    missing = [to for to in made_of(cluster) if not _covered(to, exempt)]
    if proxies and missing:
        named = ", ".join(f"{name}={value}" for name, value in sorted(proxies.items()))
        yield (
            "proxy-inside",
            f"a login finds {named}, and a no_proxy without {len(missing)} of the cluster's addresses; the deploy "
            f"takes no proxy to them: for programs of yours, add to no_proxy in /etc/environment {','.join(missing)}",
        )


def _covered(target: str, exempt: Iterable[str]) -> bool:
    network = _network(target)
    for entry in exempt:
        if entry in ("*", target):
            return True
        other = _network(entry)
        if network and other and network.version == other.version and network.subnet_of(other):
            return True
        if not network and target.endswith(f".{entry.lstrip('.')}"):
            return True
    return False


def _network(text: str) -> Any:
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
