"""Workloads that have to be complete: what is missing of them, the wait, and why one does not end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from shlex import quote

from .api_server import KUBECTL, LONG_SECONDS, SECONDS

# (namespace, kind/name) of a workload; the kind is daemonset or deployment.
Workload = tuple[str, str]

_KINDS = {"daemonset": "DaemonSet", "deployment": "Deployment"}
_MARK = "@"
# Of a failing container, the lines of its log that are shown, and their length.
_WORDS, _LINE = 3, 240

# One word for each workload, of the numbers by which `kubectl rollout status` judges it. A field that is not there yet
# counts as 0.
_NUMBERS = (
    f'{{{{define "of"}}}} {_MARK}{{{{.metadata.namespace}}}}/{{{{.kind}}}}/{{{{.metadata.name}}}}'
    ":{{or .metadata.generation 0}}:{{or .status.observedGeneration 0}}:"
    '{{if eq .kind "DaemonSet"}}{{or .status.desiredNumberScheduled 0}}:{{or .status.updatedNumberScheduled 0}}:'
    "{{or .status.numberAvailable 0}}{{else}}{{or .spec.replicas 0}}:{{or .status.updatedReplicas 0}}:"
    "{{or .status.availableReplicas 0}}{{end}}{{end}}"
    '{{if .items}}{{range .items}}{{template "of" .}}{{end}}{{else if .metadata.name}}{{template "of" .}}{{end}}'
)
# The first container that has ended, and is to start again.
_ENDED = (
    "{{with .status}}{{range .initContainerStatuses}}{{if or .lastState.terminated .state.terminated}}"
    "{{if not .ready}}{{.name}} {{end}}{{end}}{{end}}"
    "{{range .containerStatuses}}{{if or .lastState.terminated .state.terminated}}{{.name}} {{end}}{{end}}{{end}}"
)

# u_failing prints the pods that are not ready, crash-looping ones first, and the last words of the first of these; its
# arguments choose pods. u_rollout waits $3 seconds. u_workloads prints the numbers of those on standard input, where
# objects are the same.
FUNCTIONS = f"""\
u_log() {{
  u_which=; [ "$1" != --previous ] || {{ u_which=$1; shift; }}
  timeout {SECONDS} {KUBECTL} logs $u_which -n "$2" "$3" -c "$u_container" --tail={_WORDS} 2>/dev/null
}}
u_failing() {{
  u_pods=$({KUBECTL} get pods -A --no-headers -o wide "$@" | awk '
    {{ split($3, r, "/") }} r[1] == r[2] || $4 ~ /Completed|Succeeded/ {{ next }}
    {{ print ($4 ~ /CrashLoop|Error|OOMKilled/ ? 1 : $4 ~ /BackOff|Err|Invalid/ ? 2 : 3), $0 }}' | sort -s -n -k 1,1)
  [ -n "$u_pods" ] || return 0
  printf '%s\\n' "$u_pods" | cut -c 3- | head -n 3
  case $u_pods in '1 '*) ;; *) return 0 ;; esac
  set -- $u_pods
  u_container=$({KUBECTL} get pod -n "$2" "$3" -o go-template={quote(_ENDED)})
  u_container=${{u_container%% *}}
  [ -n "$u_container" ] || return 0
  # Of a log that the runtime no longer has, kubectl says so on standard output, and succeeds.
  u_words=$(u_log --previous "$@")
  case $u_words in '' | 'unable to retrieve'*) u_words=$(u_log "$@") ;; esac
  [ -z "$u_words" ] || printf '%s\\n' "$u_words" | cut -c -{_LINE} | sed "s|^|$3 $u_container: |"
}}
u_rollout() {{
  u_said=$({KUBECTL} rollout status -n "$1" "$2" --timeout="$3s" 2>&1) || {{
    echo "$2 of namespace $1 is not complete after $3 s: $(printf '%s\\n' "$u_said" | grep -v '^error' | tail -n 1)" >&2
    u_failing --field-selector "metadata.namespace=$1" >&2
    {KUBECTL} get events -n "$1" --no-headers --field-selector type=Warning | tail -n 3 >&2; return 1; }}
}}
u_workloads() {{
  [ "$u_state" = same ] || return 0
  u_api {LONG_SECONDS} get --ignore-not-found -o go-template={quote(_NUMBERS)} -f - || {{ u_alive; return 1; }}
}}"""


def document(workloads: Iterable[Workload]) -> str:
    """The standard input of `u_workloads`: the workloads by their names."""
    items = [
        {"apiVersion": "apps/v1", "kind": _kind(what), "metadata": {"namespace": namespace, "name": _name(what)}}
        for namespace, what in workloads
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def unfinished(workloads: Iterable[Workload], words: Iterable[str]) -> Iterator[str]:
    """What a deploy waits for, as in "wait for DaemonSet x: 2 of 3 pods are ready".

    :param words: those that `u_workloads` printed, and others.
    """
    numbers = dict(word.removeprefix(_MARK).split(":", 1) for word in words if word.startswith(_MARK))
    for namespace, what in workloads:
        found = numbers.get(f"{namespace}/{_kind(what)}/{_name(what)}")
        if reason := "it is not there" if found is None else _missing(*map(int, found.split(":"))):
            yield f"wait for {_kind(what)} {_name(what)}: {reason}"


def _missing(generation: int, observed: int, wanted: int, updated: int, ready: int) -> str:
    if observed < generation:
        return "its controller has not seen its newest version"
    if updated < wanted:
        return f"{updated} of {wanted} pods are of its newest version"
    return f"{ready} of {wanted} pods are ready" if ready < wanted else ""


def _kind(what: str) -> str:
    return _KINDS[what.partition("/")[0]]


def _name(what: str) -> str:
    return what.partition("/")[2]
