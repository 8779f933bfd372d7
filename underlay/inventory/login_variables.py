"""Variables of pyinfra's that say how a host is reached: of a wrong type, pyinfra raises, or takes "no" for yes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .errors import show

_TEXT, _SWITCH, _WHOLE, _NUMBER, _TABLE = "text", "True or False", "a whole number", "a number", "a table"
_TYPES: Mapping[str, tuple[type, ...]] = {
    _TEXT: (str,),
    _SWITCH: (bool,),
    _WHOLE: (int,),
    _NUMBER: (int, float),
    _TABLE: (Mapping,),
}
# pyinfra 3.10, connectors/ssh.py: it takes no None either.
OF_SSH: Mapping[str, str] = {
    **dict.fromkeys(
        ("ssh_hostname", "ssh_user", "ssh_password", "ssh_key", "ssh_key_password", "ssh_config_file",
         "ssh_known_hosts_file", "ssh_strict_host_key_checking", "ssh_file_transfer_protocol"), _TEXT),
    **dict.fromkeys(("ssh_allow_agent", "ssh_look_for_keys", "ssh_forward_agent"), _SWITCH),
    **dict.fromkeys(("ssh_port", "ssh_connect_retries"), _WHOLE),
    **dict.fromkeys(("ssh_connect_retry_min_delay", "ssh_connect_retry_max_delay"), _NUMBER),
    "ssh_paramiko_connect_kwargs": _TABLE,
}  # fmt: skip
# pyinfra 3.10, api/arguments.py: of a command, whatever the connector; None is as if it were not there.
OF_COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(("_sudo", "_use_sudo_login", "_preserve_sudo_env", "_use_su_login", "_preserve_su_env", "_doas",
                     "_dzdo"), _SWITCH),
    **dict.fromkeys(("_sudo_user", "_sudo_password", "_su_user", "_su_shell", "_su_password", "_doas_user",
                     "_dzdo_user", "_shell_executable", "_chdir", "_temp_dir"), _TEXT),
    "_env": _TABLE,
}  # fmt: skip
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "ssh_strict_host_key_checking": ("ask", "yes", "accept-new", "no", "off"),
    "ssh_file_transfer_protocol": ("sftp", "scp"),
}


def login_problems(hosts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line for each variable of each host that pyinfra would not take, or would take for something else."""
    for host, variables in hosts.items():
        for name, kind in (*OF_SSH.items(), *OF_COMMANDS.items()):
            value: Any = variables.get(name)
            if name not in variables or (value is None and name in OF_COMMANDS):
                continue
            shown = "not shown" if name.endswith("password") else f"it is {show(value)}"
            where = f"hosts.{host}.{name}"
            if not _is_of(kind, value):
                yield f"{where}: wrong type ({shown}); use {kind}" + (", or leave it out" if value is None else "")
            elif name in _CHOICES and value not in _CHOICES[name]:
                yield f"{where}: unknown value ({shown}); use one of {', '.join(_CHOICES[name])}"
            elif name == "ssh_port" and not 0 < value < 2**16:
                yield f"{where}: no port ({shown}); use 1 to 65535"
            elif name == "ssh_hostname" and (
                not value.strip() or any(c.isspace() or not c.isprintable() for c in value)
            ):
                yield f"{where}: no name of a host ({shown}); use a name or an address"


def _is_of(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == _SWITCH or not isinstance(value, bool))
