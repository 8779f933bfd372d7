"""What every way to a host fails with: one line that names the host, what is wrong, and what to do."""

from __future__ import annotations

from pyinfra.api.exceptions import PyinfraError


class AccessError(PyinfraError):
    """A host cannot be reached, or nothing can be run on it as root; its text is `w-1: reason`.

    `reason` is `what is wrong (what the host or SSH said); what to do`.
    """

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host = host
        self.reason = reason


def of_this_machine(error: OSError) -> str:
    """The reason where a file of the controller is in the way."""
    return f"this machine: {error}; look at its disk and at the file's mode, then run again"


class NoSession(AccessError):
    """The host's SSH server grants no further session on the connection."""


class PasswordWanted(AccessError):
    """sudo wants a password, and none is set."""
