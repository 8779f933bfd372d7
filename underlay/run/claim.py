"""A deploy's claim to its hosts: who runs it, in words for whoever is refused because of it."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from enum import StrEnum

from underlay.plan import answer_forms
from underlay.plan.probe import Probe
from underlay.plan.run_lock import PRELUDE, take

_OF_TOKEN, _OF_PURPOSE = "UNDERLAY_TOKEN", "UNDERLAY_PURPOSE"
TOKEN = os.environ.get(_OF_TOKEN) or secrets.token_hex(8)
"""Of this run alone: a lock that has it is its own."""


def claim(inventory: str, what: str = "deploy") -> Probe:
    """The question that takes a host's lock for this process, in the round trip of all others.

    :param inventory: as the user named it. :param what: what it does, as before "of".
    """
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    whose = f"{what} of {inventory}, by {_user()}@{socket.gethostname()}, process {os.getpid()}, since {since}"
    question = take(token=TOKEN, whose=whose)
    return Probe("lock", question, "for its lock", answer_forms.lock, PRELUDE, as_root=True)


class Purpose(StrEnum):
    """What a run does of what a deploy is refused."""

    DEPLOY = "deploy"
    CHANGE = "change"
    """It gives a cluster another network."""
    UPGRADE = "upgrade"
    """It gives a cluster another version of Kubernetes."""
    RESTORE = "restore"
    """It makes a control plane again from a backup, on its first host alone."""


def begin_as(purpose: Purpose) -> None:
    """Have this process, and the deploy that it starts, be one run with a purpose of its own."""
    os.environ[_OF_TOKEN], os.environ[_OF_PURPOSE] = TOKEN, purpose


def purpose() -> Purpose:
    """That of this process."""
    return Purpose(os.environ.get(_OF_PURPOSE, Purpose.DEPLOY))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
