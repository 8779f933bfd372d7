"""For inventories: the machines of `vagrant.json` in pyinfra's form. No vagrant is called; its own files are read.

from underlay.vagrant.inventory import hosts

_hosts = hosts("vagrant.json")
control_plane = _hosts.control_plane
workers = _hosts.workers
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underlay.inventory.errors import InvalidInventory

from .node_list import ListedMachine, NodeList, read_node_list

KEY, KNOWN_HOSTS = "private_key", "known_hosts"
# An emulated machine needs many seconds for a login.
_PATIENCE_S = 180


@dataclass(frozen=True)
class VagrantHosts:
    """Machines by role, each `("@vm/cp-1", {"address": …, "rack": …, "ssh_…": …})`, and the list's `name`."""

    name: str
    control_plane: list[tuple[str, dict[str, Any]]]
    workers: list[tuple[str, dict[str, Any]]]


def hosts(path: str = "vagrant.json") -> VagrantHosts:
    """The machines of a list; whether they are up is asked when pyinfra connects.

    :raises SystemExit: with every problem of the list, a line each: pyinfra shows any other error of an inventory with
        a traceback.
    """
    try:
        listed = read_node_list(Path(path))
    except InvalidInventory as error:
        raise SystemExit("\n".join(f"underlay: {problem}" for problem in error.problems)) from None
    machines = [(machine.role, (f"@vm/{machine.name}", _variables(listed, machine))) for machine in listed.listed]
    return VagrantHosts(
        name=listed.name,
        control_plane=[host for role, host in machines if role == "control_plane"],
        workers=[host for role, host in machines if role == "worker"],
    )


def _variables(listed: NodeList, machine: ListedMachine) -> dict[str, Any]:
    """Where the machine is, and the way to it: Vagrant's key, and the host keys that the Vagrantfile wrote down."""
    at = Path(os.environ.get("VAGRANT_DOTFILE_PATH", ".vagrant")) / "machines" / machine.name / listed.vagrants_provider
    return {
        "address": machine.address,
        "rack": f"rack-{machine.rack}",
        "ssh_hostname": machine.address,
        "ssh_user": "vagrant",
        "ssh_key": str(at / KEY),
        "ssh_known_hosts_file": str(at / KNOWN_HOSTS),
        "ssh_strict_host_key_checking": "yes",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
        "ssh_paramiko_connect_kwargs": {"banner_timeout": _PATIENCE_S, "auth_timeout": _PATIENCE_S},
        "_sudo": True,
    }
