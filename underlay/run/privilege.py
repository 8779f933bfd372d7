"""How pyinfra becomes root on a host: by the inventory's variables, or by its own command line."""

from __future__ import annotations

from typing import Any

from pyinfra.api import Host
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS, pop_global_arguments


def root_arguments(host: Host) -> dict[str, Any]:
    """The connector's arguments for a command that no operation yields; pyinfra adds them to operations alone."""
    found, _ = pop_global_arguments(host.state, host, {})
    return {key: value for key, value in found.items() if key in CONNECTOR_ARGUMENT_KEYS}
