"""`python3 prober.pyz listen|probe|finish DIRECTORY`: the three steps of a run, each told in JSON.

listen  binds everything, says what is taken, and stays in the background until `finish` or its deadline.
probe   asks all peers, which listen by now.
finish  ends the listener and tells what it heard; then sends through a tunnel, if the plan has one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from typing import Any

from . import tunnel
from .listener import Listener
from .neighbours import Claim, resolved
from .sender import Sender
from .speaker import ask
from .storage import durable_writes


def listen(directory: str, plan: dict[str, Any]) -> dict[str, Any]:
    tunnel.remove()
    listener = Listener(plan)
    if child := os.fork():
        _write(directory, "pid", str(child))
        return {"taken": listener.taken}
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGALRM, _end)
    signal.alarm(plan["deadline"])
    try:
        while True:
            listener.serve()
    except _Ended as ended:
        listener.close()
        if ended.asked:
            _write(directory, "heard", json.dumps(listener.log()))
        else:
            shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)


class _Ended(Exception):
    """Raised by a signal, so that no wait outlasts it; `asked` unless it was the deadline."""

    def __init__(self, *, asked: bool) -> None:
        super().__init__()
        self.asked = asked


def _end(number: int, _frame: object) -> None:
    raise _Ended(asked=number == signal.SIGTERM)


def probe(directory: str, plan: dict[str, Any]) -> dict[str, Any]:
    claim = Claim(plan["link"], plan["address"]) if plan["link"] and ":" not in plan["address"] else None
    told: dict[str, Any] = {"peers": Sender(plan).run()}
    told["hardware"] = resolved(set(plan["peers"].values()))
    told["claimed"] = claim.answers() if claim else []
    told["routers"] = {r["address"]: ask(own=plan["address"], **r) for r in plan["routers"]}
    if plan["storage"]:
        told["storage"] = durable_writes(plan["storage"])
    return told


def finish(directory: str, plan: dict[str, Any]) -> dict[str, Any]:
    told = _heard(directory)
    if plan["tunnel"] and plan["tunnel"]["to"] + plan["tunnel"]["from"]:
        try:
            with tunnel.ProbeTunnel(plan):
                told["tunnel"] = tunnel.exchange(plan)
        except OSError as error:
            told["no_tunnel"] = str(error)
    shutil.rmtree(directory, ignore_errors=True)
    return told


def _heard(directory: str) -> dict[str, Any]:
    path = os.path.join(directory, "heard")
    try:
        with open(os.path.join(directory, "pid"), encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGTERM)
    except (OSError, ValueError):
        return {"heard": [], "accepted": [], "lost": True}
    until = time.monotonic() + 3
    while not os.path.exists(path) and time.monotonic() < until:
        time.sleep(0.01)
    try:
        with open(path, encoding="utf-8") as file:
            return dict(json.load(file))
    except OSError:
        return {"heard": [], "accepted": [], "lost": True}


def _write(directory: str, name: str, text: str) -> None:
    partial = os.path.join(directory, f".{name}")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(partial, os.path.join(directory, name))


def main() -> None:
    step, directory = sys.argv[1:3]
    with open(os.path.join(directory, "plan"), encoding="utf-8") as file:
        plan = json.load(file)
    sys.stdout.write(json.dumps({"listen": listen, "probe": probe, "finish": finish}[step](directory, plan)) + "\n")


main()
