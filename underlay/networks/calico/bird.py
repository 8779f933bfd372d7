"""BIRD's view of its sessions, through its control socket: on any node, without calicoctl and kubectl."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from underlay.model.difference import member_difference

_SOCKETS = {4: "/var/run/calico/bird.ctl", 6: "/var/run/calico/bird6.ctl"}


def asking(*commands: str, version: int = 4) -> str:
    """Shell that prints BIRD's responses to commands, on its control socket of an IP version."""
    # BIRD discards the response to a client that closes the connection early.
    spoken = " ".join(f"echo '{command}'; sleep 0.5;" for command in commands)
    return f"({spoken.removesuffix(';')}) | socat -t 1 - UNIX-CONNECT:{_SOCKETS[version]}"


COMMANDS = {version: asking("show protocols all", version=version) for version in _SOCKETS}
# Prints the processes of BIRD, if any.
RUNNING = "pgrep -x 'bird|bird6' || true"


@dataclass(frozen=True)
class BirdSession:
    """A BGP session: `state` as BIRD reports it (Established, Connect, …), `error` the last one if not established.

    `name` is the protocol's, `since` a time of day or a date, `exported` the prefixes that BIRD sends.
    """

    neighbor: str
    as_number: int
    state: str
    error: str = ""
    name: str = ""
    since: str = ""
    exported: int = 0


def sessions(output: str) -> Iterator[BirdSession]:
    """The BGP sessions in BIRD 1.6's response to `show protocols all`."""
    # Every protocol begins with a line of code 1002 (or, after the first of a response, a blank).
    for block in re.split(r"(?m)^(?:1002-| (?=\S))", output)[1:]:
        neighbor = _field(block, "Neighbor address")
        if neighbor:
            yield BirdSession(
                neighbor=neighbor.split("%")[0],
                as_number=int(_field(block, "Neighbor AS") or 0),
                state=_field(block, "BGP state"),
                error=_field(block, "Last error"),
                name=block.split()[0],
                since=(block.split("\n")[0].split() + [""] * 5)[4],
                exported=int(next(iter(re.findall(r"(\d+) exported", block)), 0)),
            )


def judge(expected: Mapping[str, int], found: Iterator[BirdSession]) -> str | None:
    """What is wrong with the sessions.

    :param expected: address of each neighbor -> its AS number. Once established, a session has verified both.
    """
    observed = {s.neighbor: s for s in found}
    difference = member_difference(observed, expected)
    wrong = [f"sessions: {difference}"] if difference else []
    for address, session in sorted(observed.items()):
        if address not in expected:
            continue
        if session.as_number != expected[address]:
            wrong.append(f"{address}: AS {session.as_number}, expected {expected[address]}")
        if session.state != "Established":
            why = f" ({session.error})" if session.error else ""
            wrong.append(f"{address}: {session.state}{why}, expected Established")
    return "; ".join(wrong) or None


def judge_absent(output: str) -> str | None:
    """Whether BIRD does not run, from the output of RUNNING."""
    return f"BIRD runs, which this mode does not use (pid {', '.join(output.split())})" if output.strip() else None


def _field(block: str, name: str) -> str:
    found = re.search(rf"(?m)^\s+{name}:\s+(.*?)\s*$", block)
    return found[1] if found else ""
