"""Upgrades a running cluster: plans it, does what is beside the deploy, and ends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from shlex import quote

from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.backup import etcd_snapshot
from underlay.inventory.errors import InvalidInventory
from underlay.plan.host_questions import recorded_entry
from underlay.plan.membership import Standing
from underlay.resources.answer import UnansweredError, line_of
from underlay.resources.api_server import KUBECTL
from underlay.upgrade.removed_apis import COMMAND, removed_apis
from underlay.upgrade.versions import version_problems

from .access_error import AccessError
from .backups import keep
from .command import run_script
from .host_lock import take_lock
from .node_state import lines_of
from .on_nodes import first_of, on_each, on_first, planes_of, shell
from .plan_changes import planned, planned_rollout, query_all_hosts
from .privilege import root_arguments
from .run import current_run
from .standings import standing_of

_PATCH = f"{KUBECTL} patch configmap underlay -n kube-system --type=merge --field-manager=underlay-upgrade"
_KUBELETS = (
    f"{KUBECTL} get nodes -o 'jsonpath={{range .items[*]}}{{.metadata.name}} {{.status.nodeInfo.kubeletVersion}}"
    '{"\\n"}{end}\''
)


@dataclass(frozen=True)
class Upgrade:
    """From one version to another; `sentences` by host, `steps` of the rollout, `removed` APIs that are in use."""

    was: str
    to: str
    resumed: bool
    sentences: dict[str, list[str]]
    steps: list[str]
    removed: list[str]

    @property
    def is_needed(self) -> bool:
        """Whether the cluster has another version, or an upgrade has not ended."""
        return self.resumed or self.was != self.to

    @property
    def lines(self) -> list[str]:
        """What will be done, for the operator."""
        artifacts = current_run().artifacts
        brought = ", ".join(f"{name} {artifacts.reference(name).rpartition(':')[2]}" for name in ("etcd", "coredns"))
        hosts = [line for host, words in self.sentences.items() for line in (f"{host}:", *(f"  {w}" for w in words))]
        return [
            f"Kubernetes: {self.was} -> {self.to}" + (" (goes on)" if self.resumed else ""),
            f"with it: {brought}",
            f"order: {'; then '.join(self.steps) or 'no node is left'}",
            *hosts,
            *(f"in use, and no longer served: {api}" for api in self.removed),
            "way back: none but a backup of the control plane; etcd's data is kept in backups/ before anything changes",
        ]


def planned_upgrade(state: State) -> Upgrade:
    """The upgrade from the cluster's version to the inventory's.

    :raises InvalidInventory: with every reason why it cannot be had.
    """
    with ctx_state.use(state):
        run = query_all_hosts(state)
        to = run.spec.cluster.kubernetes_version
        was, unfinished = _recorded()
        if unfinished and unfinished != to:
            raise InvalidInventory(
                [f"kubernetes_version: an upgrade to {unfinished} has not ended; finish it with that version"]
            )
        if was == to and not unfinished:
            return Upgrade(was, to, False, {}, [], [])
        if problems := [*_versions(first_of(state), was, to), *_outsiders(was)]:
            raise InvalidInventory(problems)
        problems, sentences = planned(state)
        if problems:
            raise InvalidInventory(problems)
        # In one that goes on that was decided, and an API server may be away.
        removed = set() if unfinished else {api for host in planes_of(state) for api in _removed(host, to)}
        return Upgrade(was, to, bool(unfinished), sentences, planned_rollout(state), sorted(removed))


def begin_upgrade(state: State, *, say: Callable[[str], None]) -> None:
    """Take the hosts' locks, keep etcd's data, and write down that an upgrade is at work.

    :raises Stopped: when one of them fails.
    """
    with ctx_state.use(state):
        on_each(state, take_lock)
        on_first(state, lambda host: _back_up(host, say))
        to = current_run().spec.cluster.kubernetes_version
        on_first(state, lambda host: shell(host, _record(to)))


def conclude(state: State) -> None:
    """Write down that no upgrade is at work any more.

    :raises Stopped: when that fails.
    """
    with ctx_state.use(state):
        on_first(state, lambda host: shell(host, _record(None)))


def _record(to: str | None) -> str:
    return f"{_PATCH} -p {quote(json.dumps({'data': {'upgrade': to}}))} >/dev/null\n"


def _recorded() -> tuple[str, str]:
    """The version that the cluster has, and that to which an unfinished upgrade leads, or nothing."""
    run = current_run()
    name = run.spec.cluster.first.name
    answer = run.observed.answers.get(name, {}).get("recorded")
    try:
        recorded = line_of(answer) if answer is not None else ""
        known = json.loads(recorded_entry(recorded, "ConfigMap") or "null")
    except (ValueError, UnansweredError) as error:
        raise InvalidInventory([f"{name}: what version the cluster has is unknown ({error})"]) from None
    if known is None:
        raise InvalidInventory([f"{name}: there is no cluster of Underlay's on it; make one: underlay deploy"])
    return known["kubernetes_version"], recorded_entry(recorded, "Upgrade")


def _versions(first: Host, was: str, to: str) -> Iterator[str]:
    """Why the versions do not follow one another."""
    words = [line.split() for line in lines_of(first, _KUBELETS)]
    if not words or any(len(one) != 2 for one in words):
        yield f"{first.name}: which versions the kubelets have is unknown; run again once `kubectl get nodes` tells"
        return
    yield from version_problems(was, to, {one[0]: one[1] for one in words})


def _removed(host: Host, to: str) -> list[str]:
    """APIs in use that the new version no longer serves, by what the API server of a host has counted.

    :raises InvalidInventory: when it does not answer.
    """
    try:
        with ctx_host.use(host):
            ran = run_script(host, COMMAND, root_arguments(host))
        reason = "" if ran.ok else ran.reason()
    except AccessError as error:
        reason = error.reason
    if reason:
        raise InvalidInventory([f"{host.name}: which APIs are in use is unknown: {reason}"])
    return list(removed_apis("\n".join(ran.out), to))


def _outsiders(was: str) -> Iterator[str]:
    for node in current_run().spec.cluster.nodes:
        if standing_of(node.name) is not Standing.MEMBER:
            yield f"{node.name}: is not a node of the cluster; deploy it with {was} first, or leave it out meanwhile"


def _back_up(first: Host, say: Callable[[str], None]) -> str | None:
    with ctx_host.use(first):
        ran = run_script(first, f"{etcd_snapshot.COMMAND}\n", root_arguments(first))
    if not ran.ok:
        return f"etcd's data could not be read: {ran.reason()}"
    try:
        data = etcd_snapshot.snapshot(ran.out)
    except ValueError as error:
        return f"etcd's data could not be read: {error}"
    path = keep("etcd.db", data)
    say(f"etcd's data is in {path} ({len(data) / 2**20:.1f} MB)")
    return None
