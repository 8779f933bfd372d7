"""A deploy's claim to its hosts: who runs it, in words for whoever is refused because of it."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time

from underlay.plan import answer_forms
from underlay.plan.probe import Probe
from underlay.plan.run_lock import PRELUDE, take

_OF_CHANGE = "UNDERLAY_CHANGE"
TOKEN = os.environ.get(_OF_CHANGE) or secrets.token_hex(8)
"""Of this run alone: a lock that has it is its own."""


def claim(inventory: str, what: str = "deploy") -> Probe:
    """The question that takes a host's lock for this process, in the round trip of all others.

    :param inventory: as the user named it. :param what: what it does, as before "of".
    """
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    whose = f"{what} of {inventory}, by {_user()}@{socket.gethostname()}, process {os.getpid()}, since {since}"
    question = take(token=TOKEN, whose=whose)
    return Probe("lock", question, "for its lock", answer_forms.lock, PRELUDE, as_root=True)


def begin_changing() -> None:
    """Have this process, and the deploy that it starts, be one run that gives a cluster another network."""
    os.environ[_OF_CHANGE] = TOKEN


def is_changing() -> bool:
    """Whether this process gives a cluster another network, which others are refused."""
    return _OF_CHANGE in os.environ


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
