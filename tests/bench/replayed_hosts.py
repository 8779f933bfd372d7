"""Many SSH hosts that cost next to nothing: one lab host with many addresses, and an sshd that answers for each.

A script that the controller sends is read to its end, and not run; instead of it the host prints the answers that its
plan makes for. So what is measured is the controller, its connections and its memory, not the hosts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from tests.unit.fit_answers import FIT
from underlay.artifacts.home import bundle_directory
from underlay.inventory.spec import Spec, read_spec
from underlay.lab import lifecycle
from underlay.lab import ssh as lab_ssh
from underlay.lab.model.topology import Lab
from underlay.plan.cluster_objects import record
from underlay.plan.host_plan import HostPlan, plan_of
from underlay.resources.binary import Binary
from underlay.resources.objects import Objects
from underlay.resources.resource import Resource
from underlay.resources.workloads import _MARK, _kind, _name
from underlay.run.artifacts import requested_artifacts

from .measure import BenchError, say
from .remote import ssh

NAME, NETWORK, PORT = "bench-fleet", "10.83.0.0/16", 2242
# Where the lab's one host is; the hosts of a fleet follow it.
_FIRST = IPv4Address("10.83.1.11")
MOST = 230
_SHOWN = "/var/cache/fleet"
# Of `sh -c 'marks; eval "$(head -c LENGTH)"'` all but the last runs. The lock is the first question of a deploy alone.
_REPLAY = """\
set -- ${SSH_CONNECTION}
cd {shown}/answers/"$3" || exit 1
u_replay() {
  u_sent=$(head -c "$1"); u_file=look
  case $u_sent in *'u_lock '*) u_file=deploy;; esac
  sed "s/@CLOCK@/$(date +%s.%N)/" $u_file
}
u_line=$(printf '%s' "${SSH_ORIGINAL_COMMAND#sh -c }" | sed "s/^'//; s/'$//")
eval "$(printf '%s' "$u_line" | sed 's/eval "[$](head -c \\([0-9]*\\))"/u_replay \\1/')"
"""
_SSHD = f"""\
Port {PORT}
AuthorizedKeysFile /root/.ssh/authorized_keys
PidFile none
MaxStartups 1000
PerSourcePenalties no
ForceCommand /bin/sh {_SHOWN}/replay.sh
"""


@dataclass(frozen=True)
class Fleet:
    """`inventory` is a file that the project's own deploy.py deploys."""

    names: tuple[str, ...]
    inventory: Path
    cluster: str
    spec: Spec
    answers: Path

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While entered, the hosts answer as those of this cluster, which a deploy has fetched the kubeconfig of."""
        kubeconfig = Path(".underlay", self.cluster, "kubeconfig")
        kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        kubeconfig.touch()
        _write_answers(self.spec, self.answers)
        try:
            yield
        finally:
            shutil.rmtree(kubeconfig.parent)


@contextmanager
def fleets(counts: Sequence[int], home: Path, *, down: int = 0) -> Iterator[list[Fleet]]:
    """Clusters of so many nodes that lack nothing, one after the other in the same lab.

    :param home: a folder for inventories and answers. :param down: how many of the last have nobody at their port.
    """
    (home / "replay.sh").write_text(_REPLAY.replace("{shown}", _SHOWN))
    (home / "sshd_config").write_text(_SSHD)
    lab = Lab(NAME, control_planes=1, workers=0, racks=1, network=NETWORK, mounts={_SHOWN: str(home)})
    say("fleet: booting its host")
    lifecycle.up(lab)
    try:
        more = "\n".join(f"ip address add {_FIRST + n}/32 dev eth0" for n in range(1, max(counts)))
        ssh(lab, "cp-1", f"set -eu\n{more}\nsystemd-run -q --unit=fleet /usr/sbin/sshd -D -f {_SHOWN}/sshd_config\n")
        yield [_fleet(lab, count, home, down=down) for count in counts]
    finally:
        lifecycle.down(lab.name)


def _fleet(lab: Lab, count: int, home: Path, *, down: int) -> Fleet:
    cluster = f"fleet-{count}"
    names = ["cp-1", *(f"w-{n}" for n in range(1, count))]
    hosts = {name: _variables(lab, n, cluster, is_down=n >= count - down) for n, name in enumerate(names)}
    groups = {"control_plane": ("cp-1",), "workers": tuple(names[1:])}
    inventory = home / f"{cluster}.py"
    inventory.write_text(
        f"_hosts = {hosts!r}\ncontrol_plane = [('cp-1', _hosts.pop('cp-1'))]\nworkers = list(_hosts.items())\n"
    )
    return Fleet(tuple(names), inventory, cluster, read_spec(hosts, groups), home / "answers")


def _variables(lab: Lab, number: int, cluster: str, *, is_down: bool) -> dict[str, Any]:
    address = _FIRST + number
    return {
        **lab_ssh.variables(lab.name, address),
        "ssh_port": PORT + 1 if is_down else PORT,
        "ssh_known_hosts_file": "/dev/null",
        "ssh_strict_host_key_checking": "no",
        "ssh_config_file": "/dev/null",
        "address": str(address),
        "cluster_name": cluster,
        "network": {"mode": "flannel-vxlan"},
        "artifacts": {"source": "bundle", "path": str(bundle_directory())},
        "swap": "keep",
        "path_mtu": 1500,
        "verify": False,
    }


def _write_answers(spec: Spec, to: Path) -> None:
    artifacts = requested_artifacts(spec, lock=to.with_suffix(".lock.json"))
    for node in spec.cluster.nodes:
        plan = plan_of(spec, node.name, artifacts)
        directory = to / str(node.address)
        directory.mkdir(parents=True, exist_ok=True)
        lines = _lines(spec, plan)
        (directory / "look").write_text(_numbered(lines))
        (directory / "deploy").write_text(_numbered(["taken", *lines]))


def _numbered(lines: Sequence[str]) -> str:
    return "".join(f"@{n} {line}\n@{n}=0 \n" for n, line in enumerate(lines))


def _lines(spec: Spec, plan: HostPlan) -> list[str]:
    """What the host says to each question of its plan."""
    cluster, node = spec.cluster, plan.node
    assert node is not None
    link = {"ifname": "eth0", "mtu": 1500, "addr_info": [{"local": str(node.address), "prefixlen": 16}]}
    said = FIT | {
        "hostname": node.name,
        "machine-id": node.name,
        "addresses": json.dumps([link], separators=(",", ":")),
        "clock": "@CLOCK@",
        "kubelet": f"https://{cluster.control_plane_endpoint} 0123456789abcdef {node.name}",
        "member": f"member {cluster.name} {cluster.control_plane_endpoint}",
        "lock": "taken",
    }
    if node == cluster.first:
        said["recorded"] = f"ConfigMap {json.dumps(record(spec))};;Path 1500;;"
        said["nodes"] = "".join(f"{n.name}|{n.address}|True|10.244.{i}.0/24|;" for i, n in enumerate(cluster.nodes))
    return [*(said[p.name] for p in plan.probes), *map(_as_declared, plan.resources)]


def _as_declared(resource: Resource) -> str:
    """A line of which the resource says that it lacks nothing.

    :raises BenchError: when none of those that hosts give is one.
    """
    known = {name: getattr(resource, name, "") for name in ("mode", "owner", "sha256", "value", "minimum")}
    if isinstance(resource, Objects):
        words = (f"{_MARK}{space}/{_kind(what)}/{_name(what)}:1:1:1:1:1" for space, what in resource.rollouts)
        return " ".join(["same", *words])
    if isinstance(resource, Binary):
        known["sha256"] = resource.builds[0].sha256
    lines = (
        "x86_64 {sha256}",
        "ActiveState=active UnitFileState=enabled NeedDaemonReload=no Loaded=current",
        "{mode} {owner} {sha256}", "{mode} {owner}", "{sha256}", "{value}", "{minimum}",
        "same", "missing:", "loaded", "present", "none", "absent", "off", "",
    )  # fmt: skip
    for line in (text.format(**known) for text in lines):
        with suppress(ValueError, IndexError):
            if resource.difference(line) is None and resource.impossible(line) is None:
                return line
    raise BenchError(f"fleet: no answer is known of which {resource.title} lacks nothing")
