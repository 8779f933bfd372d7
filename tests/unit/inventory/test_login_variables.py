"""Variables that say how a host is reached are of the types that pyinfra wants, told before any host is contacted."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyinfra.api.arguments import ConnectorArguments
from pyinfra.connectors.ssh import ConnectorData

from underlay.inventory.login_variables import OF_COMMANDS, OF_SSH, login_problems

from .spec_problems import with_host

WORDS = {str: "text", bool: "True or False", int: "a whole number", float: "a number", dict: "a table"}


def test_the_types_are_pyinfras_own() -> None:
    assert {name: WORDS[kind] for name, kind in get_type_hints(ConnectorData).items()} == dict(OF_SSH)
    hints = get_type_hints(ConnectorArguments)
    assert {name: WORDS.get(hints[name], "a table") for name in OF_COMMANDS} == dict(OF_COMMANDS)


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        ({"ssh_port": "22"}, "ssh_port: wrong type (it is '22'); use a whole number"),
        ({"ssh_port": 22.0}, "ssh_port: wrong type (it is 22.0); use a whole number"),
        ({"ssh_port": True}, "ssh_port: wrong type (it is True); use a whole number"),
        ({"ssh_port": 70000}, "ssh_port: no port (it is 70000); use 1 to 65535"),
        ({"ssh_key": None}, "ssh_key: wrong type (it is None); use text, or leave it out"),
        ({"ssh_password": 5}, "ssh_password: wrong type (not shown); use text"),
        ({"_sudo_password": 1234}, "_sudo_password: wrong type (not shown); use text"),
        ({"_sudo": "no"}, "_sudo: wrong type (it is 'no'); use True or False"),
        ({"_env": "http_proxy=x"}, "_env: wrong type (it is 'http_proxy=x'); use a table"),
        (
            {"ssh_strict_host_key_checking": "maybe"},
            "ssh_strict_host_key_checking: unknown value (it is 'maybe'); use ",
        ),
        (
            {"ssh_file_transfer_protocol": "rsync"},
            "ssh_file_transfer_protocol: unknown value (it is 'rsync'); use one ",
        ),
        ({"ssh_hostname": "w 1"}, "ssh_hostname: no name of a host (it is 'w 1'); use a name or an address"),
        ({"ssh_hostname": ""}, "ssh_hostname: no name of a host (it is ''); use a name or an address"),
    ],
)
def test_what_pyinfra_would_not_take_is_told_for_its_host(own: dict[str, Any], problem: str) -> None:
    (line,) = with_host("w-1", **own)
    assert line.startswith(f"hosts.w-1.{problem}")


def test_what_pyinfra_takes_is_taken() -> None:
    own = {"ssh_port": 2222, "ssh_key": "~/.ssh/id", "_sudo": True, "_sudo_password": None, "_env": {"A": "b"}}
    assert with_host("w-1", **own, ssh_file_transfer_protocol="scp", ssh_user="ops", ssh_allow_agent=False) == []


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=2))


@given(st.dictionaries(st.sampled_from([*OF_SSH, *OF_COMMANDS]), VALUES))
def test_whatever_they_are_there_are_lines_and_no_traceback(own: dict[str, Any]) -> None:
    for line in login_problems({"w-1": own}):
        assert line.startswith("hosts.w-1.")
        assert line.isprintable()
