"""An Ansible play: the things kept by the modules an Ansible user would choose, and Ansible set up to be quick.

Loops and lists wherever a module allows, which is quicker than a task for each; the sysctl module writes its own file,
so that file is no task. `community.general.modprobe` fails where the kernel has everything built in (no
/proc/modules), so the module is a guarded command.
"""

from __future__ import annotations

import configparser
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.bench.measure import Command, say
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab
from underlay.resources import sysctl

from .things import DIRECTORIES, MODULE, PACKAGES, SYSCTLS, UNITS, written

# ansible 12 is ansible-core 2.19 with its collections; the last that runs on Python 3.11.
VERSION = "ansible==12.3.0"


def play() -> list[dict[str, Any]]:
    """The playbook."""
    own = {"owner": "root", "group": "root"}
    files = [{"dest": d, "content": c} for d, c in written().items() if d != sysctl.PERSISTED]
    return [{
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.apt": {"name": list(PACKAGES)}},
            {"ansible.builtin.command": {"cmd": f"modprobe {MODULE}", "creates": f"/sys/module/{MODULE}"}},
            {"ansible.builtin.copy": {"dest": "{{ item.dest }}", "content": "{{ item.content }}",
                                      "mode": "0644", **own},
             "loop": files, "loop_control": {"label": "{{ item.dest }}"}},
            {"ansible.posix.sysctl": {"name": "{{ item.key }}", "value": "{{ item.value }}", "sysctl_set": True,
                                      "sysctl_file": sysctl.PERSISTED, "reload": False},
             "loop": [{"key": k, "value": v} for k, v in SYSCTLS.items()]},
            {"ansible.builtin.file": {"path": "{{ item }}", "state": "directory", "mode": "0755", **own},
             "loop": list(DIRECTORIES)},
            {"ansible.builtin.systemd_service": {"name": "{{ item }}", "state": "started", "enabled": True},
             "loop": list(UNITS)},
        ],
    }]  # fmt: skip


def write(lab: Lab, directory: Path) -> None:
    """The playbook, the inventory and the tuned configuration."""
    at = LabPaths.of(lab.name)
    hosts = {node.name: {"ansible_host": str(node.address)} for node in lab.nodes}
    common = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(at.client_key),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={at.known_hosts} -o StrictHostKeyChecking=yes",
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    (directory / "play.yaml").write_text(yaml.safe_dump(play(), sort_keys=False))
    (directory / "hosts.yaml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": common}}))
    config = configparser.ConfigParser()
    config["defaults"] = {
        "forks": "50",
        "gathering": "explicit",
        "inventory": "hosts.yaml",
        "local_tmp": str(directory / "ansible"),
    }
    config["connection"] = {"pipelining": "true"}
    config["ssh_connection"] = {
        "ssh_args": "-o ControlMaster=auto -o ControlPersist=60s",
        "control_path_dir": str(directory / "cp"),
    }
    with (directory / "ansible.cfg").open("w") as file:
        config.write(file)


def install(home: Path) -> Path:
    """The `ansible-playbook` of an environment of its own, made when it is not there."""
    venv = home / VERSION.replace("==", "-")
    if not (venv / "complete").exists():
        say(f"installing {VERSION} in {venv} (once)")
        Command("venv", (sys.executable, "-m", "venv", "--clear", str(venv)), Path("/")).run()
        pip = (str(venv / "bin/pip"), "install", "-q", "--disable-pip-version-check", VERSION)
        Command("pip", pip, Path("/")).run()
        (venv / "complete").touch()
    return venv / "bin" / "ansible-playbook"
