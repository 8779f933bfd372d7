"""The shell that one node runs to probe paths and Services from its pod."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any

from .captures import capture_variables
from .paths import PodPath, paths_from
from .probe_objects import HOST_PORT, HOST_SERVER, TCP, UDP
from .service_endpoints import service_probes
from .target import Target
from .timeouts import CONVERGE_S
from .traffic_results import TrafficResults

_HERE = Path(__file__).parent
POD_EXEC = _HERE.joinpath("pod_exec.sh").read_text(encoding="utf-8")
CAPTURE = _HERE.joinpath("capture.sh").read_text(encoding="utf-8")
_PROBES = (
    _HERE.joinpath("services.sh").read_text(encoding="utf-8"),
    CAPTURE,
    _HERE.joinpath("traffic.sh").read_text(encoding="utf-8"),
)
_KUBELET_PORT = 10250


def traffic_script(
    target: Target, measured: TrafficResults, node: str, services: dict[str, Any], only: set[str] | None
) -> str:
    """
    :param services: spec and status of each probe Service, by name.
    :param only: the probes to run, by name; None for all. A path is probed as a whole.
    """
    cluster, network = target.spec.cluster, target.spec.network
    own = measured.pods[node]
    selected = [p for p in paths_from(cluster, node) if p.other in measured.pods]
    probes = list(service_probes(services))
    if only is not None:
        labels = {probe.partition(" ")[2] for probe in only}
        selected, probes = [p for p in selected if p.label in labels], [p for p in probes if p[0] in only]
    values = {
        "own": own.addresses[0],
        "name": own.name,
        "retry_s": CONVERGE_S,
        "mtu": network.pod_mtu(cluster),
        "link_mtu": network.link_mtu(cluster),
        "tcp": TCP,
        "udp": UDP,
        "host_port": HOST_PORT,
        "host_server": HOST_SERVER,
        "kubelet": _KUBELET_PORT,
        "node_port": services["probe-node"]["ports"][0]["nodePort"],
        "paths": "\n".join(path_line(target, measured, path, timed=only is None) for path in selected),
        "services": "\n".join("|".join(p) for p in probes),
    }
    return "\n".join((shell_variables(values), POD_EXEC, *_PROBES))


def shell_variables(values: dict[str, Any]) -> str:
    """An assignment on each line."""
    return "".join(f"{name}={quote(str(value))}\n" for name, value in values.items())


def path_line(target: Target, measured: TrafficResults, path: PodPath, *, timed: bool = True) -> str:
    """A path as traffic.sh reads it."""
    cluster, network = target.spec.cluster, target.spec.network
    own, other = measured.pods[path.one], measured.pods[path.other]
    index = cluster.families.index(path.version)
    there = str(cluster.node(path.other).addresses[index])
    # The speed is measured once, by the first IP version.
    speed = "yes" if timed and not path.secondary else ""
    variables = capture_variables(network, cluster, path)
    return "|".join(
        (path.label, other.name, own.addresses[index], other.addresses[index], there, speed, *variables.values())
    )
