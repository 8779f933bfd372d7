"""BIRD's own view of its sessions, asked through its socket: on any node, with neither calicoctl nor kubectl."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SOCKETS = {4: "/var/run/calico/bird.ctl", 6: "/var/run/calico/bird6.ctl"}
# BIRD drops a client that hangs up before it is answered.
COMMANDS = {
    version: f"(echo 'show protocols all'; sleep 0.5) | socat -t 1 - UNIX-CONNECT:{path}"
    for version, path in _SOCKETS.items()
}
# No BIRD where the mode has none.
RUNNING = "pgrep -x 'bird|bird6' || true"


@dataclass(frozen=True)
class Session:
    """`state` as BIRD has it (Established, Connect, …), `trouble` its last words where it is not established."""

    neighbor: str
    as_number: int
    state: str
    trouble: str = ""


def sessions(output: str) -> Iterator[Session]:
    """The BGP sessions in what BIRD 1.6 answers to `show protocols all`."""
    # Every protocol begins with a line of code 1002 (or, after the first of an answer, a blank).
    for block in re.split(r"(?m)^(?:1002-| (?=\S))", output)[1:]:
        neighbor = _field(block, "Neighbor address")
        if neighbor:
            yield Session(
                neighbor=neighbor.split("%")[0],
                as_number=int(_field(block, "Neighbor AS") or 0),
                state=_field(block, "BGP state"),
                trouble=_field(block, "Last error"),
            )


def judge(expected: Mapping[str, int], found: Iterator[Session]) -> str | None:
    """:param expected: address of each neighbor -> its AS. An established session has shown both sides' AS."""
    seen = {s.neighbor: s for s in found}
    wrong = [f"no session with {address}" for address in sorted(set(expected) - set(seen))]
    wrong += [f"a session with {address}, who is no peer" for address in sorted(set(seen) - set(expected))]
    for address, session in sorted(seen.items()):
        if address not in expected:
            continue
        if session.as_number != expected[address]:
            wrong.append(f"{address} is expected in AS {session.as_number}, not {expected[address]}")
        if session.state != "Established":
            why = f" ({session.trouble})" if session.trouble else ""
            wrong.append(f"{address} is {session.state}{why}")
    return "; ".join(wrong) or None


def judge_absent(output: str) -> str | None:
    return f"BIRD runs (pid {', '.join(output.split())}), and this mode has none" if output.strip() else None


def _field(block: str, name: str) -> str:
    found = re.search(rf"(?m)^\s+{name}:\s+(.*?)\s*$", block)
    return found[1] if found else ""
