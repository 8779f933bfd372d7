"""What a change does to the cluster's objects, as shell for the first control-plane host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from shlex import quote
from typing import Any

from underlay.model.addon import Addon, Object
from underlay.resources.api_server import KUBECTL

from .change_record import Variables

_RECORD = f"{KUBECTL} patch configmap underlay -n kube-system --type=merge --field-manager=underlay-change"
# How long objects may take to go, in seconds: agents have a grace period.
GONE_S = 120


def begin(was: Variables, to: Variables) -> str:
    """Shell that writes down that a change is at work: a plain deploy is refused until it has ended."""
    change = json.dumps({"from": dict(was), "to": dict(to)}, sort_keys=True)
    return f"{_RECORD} -p {quote(json.dumps({'data': {'change': change}}))} >/dev/null\n"


def end(record: Mapping[str, Any]) -> str:
    """Shell that makes the new network the cluster's own, in one step.

    :param record: as of `cluster_objects.record`.
    """
    data = {"spec": json.dumps(record, sort_keys=True), "change": None}
    return f"{_RECORD} -p {quote(json.dumps({'data': data}))} >/dev/null\n"


def gone(old: Addon, new: Addon) -> list[Object]:
    """The objects that the new network does not have, the last first; a namespace takes what is in it with it."""
    kept = {_identity(o) for o in (*new.objects, *new.after)}
    return [o for o in reversed((*old.objects, *old.after)) if _identity(o) not in kept]


def _identity(item: Object) -> tuple[str, str, str, str]:
    group = item["apiVersion"].rpartition("/")[0]
    return group, item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def deletion(objects: Sequence[Object]) -> str:
    """Shell that deletes objects and waits until they are gone."""
    named = [
        {key: o[key] for key in ("apiVersion", "kind")}
        | {"metadata": {k: v for k, v in o["metadata"].items() if k in ("name", "namespace")}}
        for o in objects
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": named})
    delete = f"{KUBECTL} delete --ignore-not-found --wait --timeout={GONE_S}s -f - >/dev/null"
    return f"{delete} <<'UNDERLAY_END'\n{text}\nUNDERLAY_END\n"


def backup(objects: Iterable[Object]) -> str:
    """Shell that prints the record and what is there of these objects, as YAML."""
    names = ["configmap underlay -n kube-system"]
    names += [
        f"{o['kind'].lower()} {o['metadata']['name']} -n {o['metadata'].get('namespace', 'default')}" for o in objects
    ]
    return "\n".join(f"echo ---; {KUBECTL} get {name} --ignore-not-found -o yaml || exit 1" for name in names) + "\n"


# Pods that have an address of the pod network; of those that have ended the kubelet has given it back.
_ATTACHED = (
    '{{range .items}}{{if and (not .spec.hostNetwork) .status.podIP (ne .status.phase "Succeeded") '
    '(ne .status.phase "Failed")}}{{.metadata.namespace}} {{.metadata.name}}{{"\\n"}}{{end}}{{end}}'
)


def end_pods() -> str:
    """Shell that ends the pods with addresses of the pod network, once no node gives any more: see `ENDING`."""
    listed = f"{KUBECTL} get pods -A -o go-template={quote(_ATTACHED)}"
    return f"""\
set -eu
{listed} | while read -r space name; do
  {KUBECTL} delete pod -n "$space" "$name" --ignore-not-found --wait=false >/dev/null </dev/null
done
for u_try in $(seq {GONE_S}); do
  left=$({listed})
  [ -n "$left" ] || exit 0
  sleep 1
done
echo "pods do not end: $(echo $left)" >&2; exit 1
"""
