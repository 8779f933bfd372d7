"""Connections to an inventory's hosts where pytest was started by hand: a process of ours makes and keeps them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

from underlay.run.shells import DESCRIPTOR


class Connections:
    """Lives until `close`. `document` are the hosts' variables and the groups."""

    def __init__(self, inventory: str) -> None:
        """
        :raises AssertionError: when the inventory is invalid; its problems are on standard error.
        """
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "underlay.cli.serve_shells", inventory],
                env={**os.environ, DESCRIPTOR: str(theirs.fileno())},
                stdout=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                # Ctrl-C is for us: what the checks created is removed over these connections.
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"{inventory}: has no connections"
        self.document: dict[str, Any] = json.loads(line)
        os.environ[DESCRIPTOR] = str(self._ours.fileno())

    def close(self) -> None:
        del os.environ[DESCRIPTOR]
        self._ours.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
