"""The pyinfra connector `@vm`: SSH as to any host, and a machine of Vagrant's that is not up is told as such."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector
from typing_extensions import override

# The kernel answers, not sshd: where the machine runs, it does so at once.
_ANSWER_S = 10.0


class VagrantConnector(SSHConnector):
    """SSH to a machine that Vagrant made; the inventory's variables say where (underlay/vagrant/inventory.py)."""

    @override
    @staticmethod
    def make_names_data(name: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """Yield the machine's name."""
        yield name, {}, []

    @override
    def connect(self) -> None:
        """
        :raises ConnectError: when the machine is not up.
        """
        variables: Any = self.data
        files = [Path(variables[name]) for name in ("ssh_key", "ssh_known_hosts_file")]
        reason = absence(self.host.name, files, variables["ssh_hostname"], int(variables.get("ssh_port") or 22))
        if reason:
            raise ConnectError(reason)
        super().connect()


def absence(name: str, files: list[Path], address: str, port: int) -> str:
    """Why a machine is not up, with what to do; empty where it answers.

    :param files: what Vagrant leaves beside a machine that it has made.
    """
    for path in files:
        if not path.is_file():
            return f"is not up (there is no {path}); run `vagrant up {name}`"
    try:
        socket.create_connection((address, port), _ANSWER_S).close()
    except OSError as error:
        said = error.strerror or "no answer"
        return f"is not up ({address}, port {port}: {said}); run `vagrant up {name}`, or see `vagrant status {name}`"
    return ""
