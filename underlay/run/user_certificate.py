"""Has the cluster sign a user's request, on its first control-plane host."""

from __future__ import annotations

from pyinfra.api import State
from pyinfra.context import ctx_host, ctx_state

from .access_error import AccessError
from .command import run_script
from .privilege import root_arguments
from .run import current_run


def signed(state: State, script: str) -> tuple[str, str]:
    """The cluster's CA and the certificate, as `signing_script` prints them.

    :raises AccessError: with the reason why there is none.
    """
    with ctx_state.use(state):
        host = next(h for h in state.inventory.get_active_hosts() if current_run().is_first(h))
        with ctx_host.use(host):
            ran = run_script(host, script, root_arguments(host))
    if not ran.ok:
        raise AccessError(host.name, ran.reason())
    ca, certificate = ran.out
    return ca, certificate
