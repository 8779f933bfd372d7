"""Hosts on loopback, connected by pyinfra's own connector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api import Config, Host, Inventory, State

from underlay.run.connections import connect, watch_connections

from .ssh_server import HOST_KEY, Logins, SshServer


@pytest.fixture
def logins(tmp_path: Path) -> Logins:
    """What the host's logins find, to be changed before the first connection."""
    (tmp_path / "bin").mkdir()
    return Logins(tmp_path / "bin")


@pytest.fixture
def server(logins: Logins) -> Iterator[SshServer]:
    made = SshServer(logins)
    yield made
    made.close()


@pytest.fixture
def host_with(server: SshServer, tmp_path: Path) -> Callable[..., Host]:
    """The host w-1 of an inventory with these variables, not connected yet."""
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {HOST_KEY.get_name()} {HOST_KEY.get_base64()}\n")
    (tmp_path / "config").touch()

    def made(**variables: Any) -> Host:
        data = {
            "ssh_hostname": "127.0.0.1",
            "ssh_port": server.port,
            "ssh_user": "ops",
            "ssh_password": "open",
            "ssh_config_file": str(tmp_path / "config"),
            "ssh_known_hosts_file": str(known),
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
            **variables,
        }
        inventory = Inventory(([("w-1", data)], {}))
        state = State(check_for_changes=False)
        state.init(inventory, Config(CONNECT_TIMEOUT=3))
        watch_connections(state)
        return inventory.get_host("w-1")

    return made


@pytest.fixture
def host(host_with: Callable[..., Host]) -> Host:
    """The host w-1, connected."""
    found = host_with()
    connect(found)
    return found
