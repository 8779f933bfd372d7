"""Ctrl-C where greenlets stand in for threads: it ends the command, not whatever happened to run at that moment."""

from __future__ import annotations

import signal
from types import FrameType

import gevent
from gevent import getcurrent


def interrupt_the_command() -> None:
    """Raise KeyboardInterrupt of SIGINT in the caller's greenlet; threads of a patched process swallow it.

    Nothing is changed where SIGINT is ignored, or another handler is in place.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    command, hub = getcurrent(), gevent.get_hub()

    def interrupt(_: int, __: FrameType | None) -> None:
        if getcurrent() is command:
            raise KeyboardInterrupt
        hub.loop.run_callback(command.throw, KeyboardInterrupt)

    # The hub would print a traceback first.
    hub.NOT_ERROR += (KeyboardInterrupt,)
    signal.signal(signal.SIGINT, interrupt)
