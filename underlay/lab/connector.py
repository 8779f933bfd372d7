"""The pyinfra connector `@lab`: boots the host if it is not up, then uses SSH as for any other.

@lab/cp-1           the host cp-1 of the lab called "lab"
@lab/other:w-2      the host w-2 of the lab called "other"
"""

import os
import socket
from collections.abc import Iterator
from typing import Any, ClassVar

from pyinfra.api.exceptions import ConnectError, InventoryError
from pyinfra.connectors.ssh import SSHConnector
from typing_extensions import override

from underlay.lab.model.errors import LabError
from underlay.lab.model.topology import Lab
from underlay.lab.system import reach

from . import lifecycle, ssh
from .inventory import find


class LabConnector(SSHConnector):
    """SSH to a host of a lab, with the lab's key; only host keys that the lab generated are trusted."""

    _at: ClassVar[dict[str, tuple[Lab, str]]] = {}  # address -> its lab and host

    @override
    @staticmethod
    def make_names_data(name: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """Yield the host's name and its SSH variables.

        :raises InventoryError: when there is no such lab or host.
        """
        try:
            lab, node = find(name)
        except LabError as error:
            raise InventoryError(f"@lab/{name}: {error}") from None
        LabConnector._at[str(node.address)] = lab, node.name
        yield node.name, ssh.variables(lab.name, node.address), []

    @override
    def connect(self) -> None:
        """Boot and connect, with TCP_NODELAY: Nagle's algorithm costs each SSH request and reply 40 ms.

        :raises ConnectError: when the host cannot be booted.
        """
        lab, name = self._at[self.data["ssh_hostname"]]
        try:
            # "no": use the lab as it is, including hosts that are down.
            if os.environ.get("UNDERLAY_LAB_BOOT") != "no":
                lifecycle.boot(lab, name)
            elif not reach.answers(lab.node(name).address):
                raise LabError(f"{name}: does not answer on SSH; it is not booted because UNDERLAY_LAB_BOOT=no")
        except LabError as error:
            raise ConnectError(str(error)) from None
        super().connect()
        transport = self.client.get_transport() if self.client else None
        if transport and isinstance(transport.sock, socket.socket):
            transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
