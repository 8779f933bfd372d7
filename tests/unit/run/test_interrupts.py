"""Ctrl-C at any moment ends the command, in a process of its own: pyinfra patches it for gevent."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import pyinfra_cli.inventory
from underlay.run.interrupts import interrupt_the_command
interrupt_the_command()
interrupt_the_command()
def press():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(5):
        pass
"""
MOMENTS = {
    "in the command itself": "press()\n    time.sleep(60)",
    "in a thread, while the command waits": "threading.Thread(target=press).start()\n    time.sleep(60)",
    "in the hub": "import gevent; gevent.get_hub().loop.run_callback(press)\n    time.sleep(60)",
    "in a thread that is waited for": "t = threading.Thread(target=press)\n    t.start()\n    t.join()\n    time.sleep(60)",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_is_raised_in_the_command(moment: str) -> None:
    script = (
        f"{BEGIN}\ntry:\n    {MOMENTS[moment]}\nexcept KeyboardInterrupt:\n    print('tidied')\n    sys.exit(130)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.stderr, done.returncode) == ("tidied\n", "", 130)


def test_another_handler_is_left_in_place() -> None:
    script = f"{BEGIN.replace('signal.default_int_handler', 'signal.SIG_IGN')}\npress()\nprint('went on')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.returncode) == ("went on\n", 0)
