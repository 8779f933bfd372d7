"""What a reset takes from a host and what it gives back, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable

from underlay.plan.host_record import Prior
from underlay.resources.packages import Packages
from underlay.resources.unit import Unit

from .footprint import BUILT_IN, OF_IPTABLES, Footprint
from .questions import HostState

_MANY = 8


def sentences(state: HostState, found: Footprint, *, leaves: bool) -> list[str]:
    """What goes first, then what is given back.

    :param leaves: whether the cluster goes on without the host.
    """
    lines = []
    if state.mark:
        pods = f"{state.pods} pod{'' if state.pods == 1 else 's'}"
        lines.append(f"Kubernetes goes: {pods}, the kubelet, containerd, what kubeadm made")
    if leaves:
        lines.append(
            "the node is drained and leaves the cluster" + (", its etcd member first" if state.has_etcd else "")
        )
    elif state.has_etcd:
        lines.append("etcd's data goes; a copy is kept in backups/")
    lines += [f"{line} go" for line in found.sentences]
    gone = [p.name for p in state.prior if p.kind in ("file", "binary", "directory") and is_absent(p.line)]
    if gone:
        lines.append(f"files of Underlay's go: {_listed(gone)}")
    return [*lines, *_given_back(state.prior), *_staying(state, found)]


def _staying(state: HostState, found: Footprint) -> list[str]:
    """What of the same kinds is not taken: an operator finds their own there."""
    going = {*found.links, *found.kernel_links}
    # Pods' links go with the bridge that they are on.
    links = [i for i in json.loads(state.links or "[]") if i.get("master") not in going]
    others = {
        "links": [i["ifname"] for i in links if i["ifname"] not in {*going, "lo"}],
        "nftables tables": [t for t in state.tables if t not in {*found.tables, *OF_IPTABLES}],
        "iptables chains": [c for c in state.chains if c not in {*found.chains, *BUILT_IN}],
        "address sets": [s for s in state.sets if s not in found.sets],
    }
    named = [f"{kind} {_listed(names)}" for kind, names in others.items() if names]
    return [f"stay: {'; '.join(named)}"] if named else []


def _given_back(prior: Iterable[Prior]) -> list[str]:
    lines = []
    for one in prior:
        match one.kind:
            case "file" | "binary" | "directory":
                if not is_absent(one.line):
                    lines.append(f"{one.name}: as it was")
            case "sysctl":
                lines.append(f"{one.name}: {one.line} again")
            case "unit":
                lines.append(f"{one.name}: {words(one)} again")
            case "packages":
                missing = Packages(tuple(one.name.split())).missing(one.line)
                lines.append(f"packages go, unless another needs them: {_listed(missing)}")
            case "kernel module":
                lines.append(f"kernel module {one.name}: unloaded, unless it is in use")
            case "swap":
                lines.append(f"swap: {one.line} again")
            case kind:
                lines.append(f"{kind} {one.name}: as it was")
    return lines


def is_absent(line: str) -> bool:
    """Whether an observed line of a file, directory or binary says that it was not there."""
    return "absent" in line.split()


def words(prior: Prior) -> str:
    """An observed line as an operator would say it."""
    match prior.kind:
        case "file" | "directory" | "binary":
            return "absent" if is_absent(prior.line) else "present"
        case "unit":
            state = Unit.fields(prior.line)
            return f"{state.get('ActiveState') or 'absent'}, {state.get('UnitFileState') or 'no unit file'}"
    return prior.line or "absent"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return ", ".join(names[:_MANY]) + more
