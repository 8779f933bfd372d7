"""Evidence collected from hosts once a check failed: bounded, without secrets, as files next to the report."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from underlay.plan.secrets import Secrets
from underlay.report.document import EvidenceFile
from underlay.report.evidence_commands import HOST_TIMEOUT_S, HOSTS, LIMIT, OF_CLUSTER, OF_HOST

from .evidence import bounded
from .target import Target

# Secrets that no inventory states, by their shape: join tokens, keys, bearer tokens.
_SHAPES = (
    (re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b"), "<token>"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL), "<private key>"),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+"), "<token>"),
    (
        re.compile(r"(?i)\b((?:password|secret|token|psk|private[-_]?key)[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]{4,}"),
        r"\1<hidden>",
    ),
)


def collect(target: Target, hosts: list[str], directory: Path) -> list[EvidenceFile]:
    """Run every command on the hosts concerned, those about the cluster on its first node, and keep the output.

    A host that does not answer in time leaves a file that says so.
    """
    secrets, first = Secrets(target.spec), target.spec.cluster.first.name
    jobs = [(host, host, OF_HOST) for host in hosts[:HOSTS]] + [("cluster", first, OF_CLUSTER)]
    with ThreadPoolExecutor(max_workers=HOSTS + 1) as pool:
        outputs = list(pool.map(lambda job: (job[0], _run(target, job[1], job[2])), jobs))
    found = []
    for name, output in outputs:
        for what, text in output.items():
            if text.strip():
                found.append(_keep(directory, name, what, without_secrets(text, secrets)))
    return found


def without_secrets(text: str, secrets: Secrets) -> str:
    """A text without what the inventory keeps secret, and without what looks like a secret."""
    return without_secret_shapes(secrets.text(text))


def without_secret_shapes(text: str) -> str:
    """A text without what looks like a secret, whatever the inventory says."""
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def script(commands: dict[str, str]) -> str:
    """Shell that runs all commands, each output after a line with its name; each has a time limit of its own."""
    lines = []
    for what, command in commands.items():
        quoted = command.replace("'", "'\\''")
        lines.append(f"printf '\\036%s\\n' '{what}'; timeout 6 sh -c '{quoted}' 2>&1 | head -c {4 * LIMIT}")
    return "\n".join(lines) + "\n"


def read_outputs(output: str) -> dict[str, str]:
    """Name of the command -> its output."""
    parts = (part.partition("\n") for part in output.split("\x1e")[1:])
    return {what: text for what, _, text in parts}


def _run(target: Target, host: str, commands: dict[str, str]) -> dict[str, str]:
    """Name of the command -> its output, over a shell of its own: that of the checks may be what hangs."""
    found: dict[str, str] = {}
    until = time.monotonic() + HOST_TIMEOUT_S
    try:
        shell = target.host(host, lane="evidence").backend
        for what, command in commands.items():
            left = max(until - time.monotonic(), 0.1)
            found |= read_outputs(shell.run_within(left, script({what: command})).stdout)
    except AssertionError as error:
        return {**found, "no answer": str(error)}
    return found


def _keep(directory: Path, host: str, what: str, text: str) -> EvidenceFile:
    path = directory / "evidence" / host / f"{what.replace(' ', '-')}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bounded(text, LIMIT), encoding="utf-8")
    return EvidenceFile(host=host, what=what, path=str(path.relative_to(directory)), bytes=path.stat().st_size)
