"""One mode in full, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .comparison import Comparison
from .picture_text import picture_text
from .proof import RUNGS


def mode_text(mode: Comparison) -> str:
    """Docstring, picture, what it is chosen by, settings, prerequisites, ports, proof."""
    parts = [f"{mode.mode}: {mode.what}", mode.advice, picture_text(mode).rstrip("\n")]
    if mode.traits.warning:
        parts.append(f"Warning: {mode.traits.warning}")
    parts += ["\n".join(_pairs(facts(mode))), _hosts(mode), _settings(mode), f'network = {{"mode": "{mode.mode}"}}']
    return "\n\n".join(part for part in parts if part) + "\n"


def facts(mode: Comparison) -> list[tuple[str, str]]:
    """What it is chosen by: pairs of a name and a value."""
    traits = mode.traits
    able = {
        "egress from fixed addresses": traits.egress,
        "connects several clusters": traits.clusters,
        "serves Services itself (no kube-proxy)": traits.replaces_kube_proxy,
    }
    overhead = f"{mode.overhead} bytes overhead per packet" if mode.overhead else "no overhead"
    mtu = f"{mode.pod_mtu} bytes on a path of {mode.path_mtu} ({overhead})"
    return [
        ("between nodes", mode.data_path),
        ("pod MTU", mtu if mode.pod_mtu else "yours"),
        ("across routers", traits.reach.value),
        ("policy", mode.policy if traits.policy else f"{mode.policy}, where network_policy names it"),
        ("policy of the cluster", f"{mode.cluster_policy.word} ({mode.cluster_policy.source})"),
        ("encryption", traits.encryption or "none"),
        ("addresses", mode.families),
        *([("can also", ", ".join(name for name, there in able.items() if there))] if any(able.values()) else []),
        ("needs", "; ".join(mode.needs) or "nothing beyond Kubernetes' own"),
        ("ports between nodes", "; ".join(mode.ports) or "none"),
        ("kernel", f"{mode.kernel} or newer"),
        ("upstream", f"{traits.status.value}{f', {traits.version}' if traits.version else ''}"),
        ("proven", _proof(mode)),
    ]


def _proof(mode: Comparison) -> str:
    proof = mode.proof
    when = ", ".join(filter(None, (proof.how, proof.date, proof.commit)))
    also = proof.machines and proof.how not in proof.machines
    on_machines = f"; on machines with kernels of their own: {proof.machines}" if also else ""
    return f"rung {proof.rung} of {max(RUNGS)}, {proof.word} ({when}){on_machines}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        yield f"{name.ljust(width)}  {value}"


def _hosts(mode: Comparison) -> str:
    if not mode.prerequisites:
        return ""
    return "\n".join(["on every host", *(f"  {line}" for line in mode.prerequisites)])


def _settings(mode: Comparison) -> str:
    if not mode.settings:
        return "It has no settings."
    lines = ["settings"]
    for setting in mode.settings:
        limits = "; ".join(filter(None, (f"default {setting.default}" if setting.default else "", setting.bounds)))
        lines.append(f"  {setting.name}: {setting.meaning}{f' ({limits})' if limits else ''}")
    return "\n".join(lines)
