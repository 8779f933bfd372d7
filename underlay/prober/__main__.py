"""`python3 prober.pyz listen|probe|finish DIRECTORY`: the three steps of a run, each with its result in JSON.

listen  binds all ports, reports those in use, and stays in the background until `finish` or its deadline.
probe   probes all peers, which listen by now.
finish  ends the listener and reports what it received; then sends through a tunnel, if the plan has one.

DIRECTORY has the run's plan, written by underlay.preflight.wire_plan, as JSON in the file `plan`.
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
from .bgp_peer import probe_peer
from .listener import Listener
from .neighbours import DuplicateAddressProbe, resolved
from .sender import Sender
from .storage import durable_writes


def listen(directory: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Bind the ports of the plan and serve them in the background.

    :returns: `{"taken": {lane number: why it cannot be bound}}`.
    """
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
        if ended.requested:
            _write(directory, "heard", json.dumps(listener.log()))
        else:
            shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)


class _Ended(Exception):
    """Raised by a signal, to interrupt any wait; `requested` unless it is the deadline."""

    def __init__(self, *, requested: bool) -> None:
        super().__init__()
        self.requested = requested


def _end(number: int, _frame: object) -> None:
    raise _Ended(requested=number == signal.SIGTERM)


def probe(directory: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Probe peers, neighbours, routers and the disk.

    :returns: `peers` (see Sender.run), `hardware` (address -> MAC), `claimed` (MACs of other owners of our address),
        `routers` (see probe_peer), `storage` (see durable_writes).
    """
    duplicates = (
        DuplicateAddressProbe(plan["link"], plan["address"]) if plan["link"] and ":" not in plan["address"] else None
    )
    result: dict[str, Any] = {"peers": Sender(plan).run()}
    result["hardware"] = resolved(set(plan["peers"].values()))
    result["claimed"] = duplicates.answers() if duplicates else []
    result["routers"] = {r["address"]: probe_peer(**r) for r in plan["routers"]}
    if plan["storage"]:
        result["storage"] = durable_writes(plan["storage"])
    return result


def finish(directory: str, plan: dict[str, Any]) -> dict[str, Any]:
    """End the listener, test the tunnel, and remove the directory.

    :returns: the listener's log, `lost` if it ended early; `tunnel` (see exchange), or `no_tunnel` with the reason.
    """
    result = _heard(directory)
    if plan["tunnel"] and plan["tunnel"]["to"] + plan["tunnel"]["from"]:
        try:
            with tunnel.ProbeTunnel(plan):
                result["tunnel"] = tunnel.exchange(plan)
        except OSError as error:
            result["no_tunnel"] = str(error)
    shutil.rmtree(directory, ignore_errors=True)
    return result


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
    """Run the step that the command line names, and print its result."""
    step, directory = sys.argv[1:3]
    with open(os.path.join(directory, "plan"), encoding="utf-8") as file:
        plan = json.load(file)
    sys.stdout.write(json.dumps({"listen": listen, "probe": probe, "finish": finish}[step](directory, plan)) + "\n")


main()
