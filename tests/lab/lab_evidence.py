"""What hosts of a lab say of themselves when a test failed: over SSH, and from this machine where one is silent."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from underlay.lab import record, ssh
from underlay.lab.host import namespaces
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.report.evidence_commands import LIMIT, OF_CLUSTER, OF_HOST
from underlay.resources.api_server import KUBECTL
from underlay.verify.evidence import bounded
from underlay.verify.evidence_files import read_outputs, script

from .commands_run import without_secrets

HOST_S, NAMESPACE_S = 60, 20
OPTIONS = ["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5"]
_CONTROL_PLANE = "test -e /etc/kubernetes/admin.conf || exit 0; "
_MORE_OF_HOST = {
    "iptables": "iptables-save; ip6tables-save",
    "units": "systemctl list-units --failed --no-pager; journalctl --no-pager -q -b -p warning -n 200",
    "FRR journal": "journalctl --no-pager -q -u frr -n 200",
    "containers": "ctr -n k8s.io containers list; ctr -n k8s.io tasks list",
}
# Containers that ended: their output is in files that the API server does not show any more.
_ENDED = {
    "ended containers": f"{KUBECTL} get pods -A -o jsonpath='"
    '{range .items[*]}{.metadata.namespace}{" "}{.metadata.name}{range .status.containerStatuses[?(@.restartCount>0)]}'
    '{" "}{.name}{end}{"\\n"}{end}\' | while read space pod ended; do for c in $ended; do'
    ' echo "=== $space/$pod $c"; ' + KUBECTL + " logs -n $space $pod -c $c --previous --tail=60; done; done",
}
HOST_COMMANDS = {what: command for what, command in (OF_HOST | _MORE_OF_HOST).items() if what != "kernel"}
CLUSTER_COMMANDS = {what: _CONTROL_PLANE + command for what, command in (OF_CLUSTER | _ENDED).items()}
_OF_NAMESPACE = "ip -d -s address; ip route show table all; ip -6 route show table all; ip rule; nft list ruleset"

Ask = Callable[[Lab, LabNode, str], str]


def gather(name: str, directory: Path, *, ask: Ask | None = None) -> bool:
    """Write what the hosts of a lab say to files below `directory`; False if there is no such lab.

    A host that does not answer within a minute leaves what it said so far; its console and its network are read from
    this machine.
    """
    lab = record.read(name)
    if lab is None:
        return False
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda node: _host(lab, node, directory / node.name, ask or over_ssh), lab.nodes))
        list(pool.map(lambda space: _namespace(space, directory / "networks"), namespaces.of_lab(name)))
    return True


def over_ssh(lab: Lab, node: LabNode, text: str) -> str:
    """What a script prints on a host, or the beginning of it and why not more."""
    command = ssh.command(lab.name, node.address, "sh -s", batch=True)
    command[1:1] = OPTIONS
    return _said(command, HOST_S, stdin=text)


def _host(lab: Lab, node: LabNode, directory: Path, ask: Ask) -> None:
    said = ask(lab, node, script(HOST_COMMANDS | (CLUSTER_COMMANDS if node.name.startswith("cp-") else {})))
    write(directory, read_outputs(said) or {"no answer": said})
    console = LabPaths.of(lab.name).node(node.name).console
    if console.exists():
        write(directory, {"console": console.read_text(errors="replace")})


def _namespace(space: str, directory: Path) -> None:
    write(directory, {space: _said(["ip", "netns", "exec", space, "sh", "-c", _OF_NAMESPACE], NAMESPACE_S)})


def _said(command: list[str], seconds: float, *, stdin: str = "") -> str:
    """Everything a command printed within a time, and that it was stopped if it was."""
    try:
        ran = subprocess.run(
            command,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as stopped:
        return (stopped.stdout or b"").decode(errors="replace") + f"\x1eno answer\nnot within {seconds} s\n"
    except OSError as error:
        return f"{command[0]}: {error}\n"
    return ran.stdout.decode(errors="replace")


def write(directory: Path, texts: dict[str, str]) -> None:
    """One file for each text that says something, bounded and without secrets."""
    directory.mkdir(parents=True, exist_ok=True)
    for what, text in _with_words(texts):
        (directory / f"{what.replace(' ', '-')}.txt").write_text(bounded(without_secrets(text), LIMIT))


def _with_words(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((what, text) for what, text in texts.items() if text.strip())
