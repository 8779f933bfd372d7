"""What runs on a host as root: by the inventory's variables, or by the options of pyinfra's own command line."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from getpass import getpass
from typing import Any

from pyinfra.api import Host
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS, pop_global_arguments

from underlay.plan.login_environment import prologue

from .access_error import PasswordWanted
from .conversation import Conversation
from .elevation import elevation
from .run import run_of

# A login's own, and what su and doas leave of it, may lack where Debian keeps what belongs to root.
SEARCH_PATH = "PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH"
# Where pyinfra keeps the password that was typed for sudo.
_TYPED = "prompted_sudo_password"


def root_arguments(host: Host) -> dict[str, Any]:
    """The connector's arguments for a command that no operation yields; pyinfra adds them to operations alone."""
    found, _ = pop_global_arguments(host.state, host, dict(getattr(host, "current_op_global_arguments", None) or {}))
    return {key: value for key, value in found.items() if key in CONNECTOR_ARGUMENT_KEYS}


def begin_as_root(host: Host, script: str, arguments: Mapping[str, Any]) -> Conversation:
    """A session in which the script runs as root; of pyinfra's arguments `_env`, `_chdir` and `_timeout` count, too.

    Where sudo wants a password that nobody set, and there is a terminal, the user is asked, as by pyinfra.

    :raises AccessError: when it does not begin to run.
    """
    text, timeout = f"{_place(arguments)}{_prologue(host)}{script}", arguments.get("_timeout") or None
    way = elevation(arguments, prompted=host.connector_data.get(_TYPED))
    try:
        return Conversation(host, text, way, timeout=timeout)
    except PasswordWanted:
        if not sys.stdin.isatty():
            raise
        host.connector_data[_TYPED] = getpass(f"{host.print_prefix}sudo password: ")
        return Conversation(host, text, elevation(arguments, prompted=host.connector_data[_TYPED]), timeout=timeout)


def run_as_root(
    host: Host, script: str, arguments: Mapping[str, Any], *, more: Iterable[bytes] = ()
) -> tuple[int, bytes, bytes]:
    """Run a script to its end: exit status, standard output, standard error.

    :param more: the script's own standard input.
    :raises AccessError: when it does not run, or its end is not known.
    """
    return begin_as_root(host, script, arguments).finish(more)


def _prologue(host: Host) -> str:
    """What scripts rely on, whatever the login's environment."""
    run = run_of(host.state)
    return prologue(run.spec.cluster) if run else ""


def _place(arguments: Mapping[str, Any]) -> str:
    """Shell that sets environment and directory."""
    lines = [SEARCH_PATH]
    lines += [f"export {key}={shlex.quote(str(value))}" for key, value in (arguments.get("_env") or {}).items()]
    if directory := arguments.get("_chdir"):
        lines.append(f"cd {shlex.quote(str(directory))} || exit 1")
    return "".join(f"{line}\n" for line in lines)
