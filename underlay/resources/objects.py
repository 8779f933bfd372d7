"""Kubernetes objects that the API server has as declared, applied server-side by the field manager `underlay`."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from underlay.patience import stretched

from . import api_server, workloads
from .api_server import KUBECTL, LONG_SECONDS, SECONDS
from .resource import Host, Resource

FIELD_MANAGER = "underlay"
_SERVER_SIDE = f"--server-side --force-conflicts --field-manager={FIELD_MANAGER}"
# Every API server serves these groups; "/v1" and "apps/v1" have no dot.
_BUILT_IN = re.compile(
    r"(admissionregistration|apiextensions|apiregistration|certificates|coordination|discovery|events|networking|node"
    r"|rbac\.authorization|resource|scheduling|storage)\.k8s\.io/"
)


@dataclass(frozen=True)
class Objects(Resource):
    """Applied server-side from a control-plane host; fields of other managers stay theirs.

    Objects of kinds that the API server does not serve yet (a chart or an operator brings them) wait for their kinds.
    `rollouts` are (namespace, kind/name), waited for after a change, whoever creates them; one that is not complete is
    a difference. Every wait takes `timeout` seconds at most.
    """

    label: str
    objects: tuple[dict[str, Any], ...] = field(repr=False, hash=False)
    rollouts: tuple[tuple[str, str], ...] = ()
    timeout: int = stretched(300)

    kind = "objects"
    settles = True
    prelude = f"""\
{api_server.FUNCTIONS}
{workloads.FUNCTIONS}
u_objects() {{
  # `kubectl diff` exits 0 for no difference, 1 for one, more for an error: a kind or namespace not yet there, or what
  # the server says to objects that it does not take.
  u_state=
  u_api {LONG_SECONDS} diff {_SERVER_SIDE} -f - >/dev/null
  case $? in
    0) u_state=same; printf same ;;
    1) [ -z "$u_down" ] || return 1; printf differ ;;
    *) if u_missing; then printf absent; elif u_alive; then printf refused; else return 1; fi ;;
  esac
}}
u_secret() {{
  u_data=$(timeout {SECONDS} {KUBECTL} get secret -n "$1" "$2" --ignore-not-found -o go-template="$3") ||
    {{ u_api {SECONDS} get secret -n "$1" "$2" >/dev/null; u_alive; return 1; }}
  u_data=$(printf '%s' "$u_data" | sha256sum)
  printf ' %s' "${{u_data%% *}}"
}}
u_kinds() {{
  u_until=$(($(date +%s) + $2)); u_api=$1; u_timeout=$2; shift 2
  for u_kind do
    until {KUBECTL} get --raw "/apis/$u_api" 2>/dev/null | grep -q "\\"kind\\":\\"$u_kind\\""; do
      [ "$(date +%s)" -lt "$u_until" ] || {{
        echo "kind $u_kind of $u_api is not served after $u_timeout s; what installs it is not running" >&2
        u_failing >&2; return 1; }}
      sleep 1
    done
  done
}}"""

    @property
    def name(self) -> str:
        return self.label

    def observe(self) -> str:
        # The query is in the process list for a moment: of Secrets it has the names only.
        plain = [o for o in self.objects if o["kind"] != "Secret"]
        secrets = [f"u_secret {_namespace(o)} {_name(o)} {quote(_template(o))}" for o in self._secrets]
        parts = ["u_objects <<'UNDERLAY_END'" if plain else "{ u_state=same; printf same; }", *secrets]
        documents = [_text(plain)] if plain else []
        if self.rollouts:
            parts.append("u_workloads <<'UNDERLAY_END'")
            documents.append(workloads.document(self.rollouts))
        lines = [" && ".join(parts), *(f"{document}\nUNDERLAY_END" for document in documents)]
        return "\n".join(["u_cluster; case $? in 1) printf absent ;; 2) false ;; *)", *lines, ";; esac"])

    @property
    def _secrets(self) -> list[dict[str, Any]]:
        return [o for o in self.objects if o["kind"] == "Secret"]

    def difference(self, observed: str) -> str | None:
        state, *words = observed.split() or [""]
        if state != "same":
            return f"{'create' if state == 'absent' else 'apply changes to'} {_kinds(self.objects)}"
        digests = [*words, *[""] * len(self._secrets)]
        secrets = [o for o, digest in zip(self._secrets, digests, strict=False) if digest != _digest(o)]
        changes = [f"apply changes to {_kinds(secrets)}"] if secrets else []
        return "; ".join([*changes, *workloads.unfinished(self.rollouts, words)]) or None

    def apply(self) -> str:
        crds = [o for o in self.objects if o["kind"] == "CustomResourceDefinition"]
        others = [o for o in self.objects if o["kind"] != "CustomResourceDefinition"]
        stages = [self._stage(stage) for stage in (crds, others) if stage]
        made = {(_namespace(o), f"{o['kind'].lower()}/{o['metadata']['name']}") for o in self.objects}
        return "\n".join([*stages, *(self._wait(n, what, made=(n, what) in made) for n, what in self.rollouts)])

    def _stage(self, objects: list[dict[str, Any]]) -> str:
        kinds: dict[str, dict[str, None]] = {}
        for item in objects:
            if "." in item["apiVersion"] and not _BUILT_IN.match(item["apiVersion"]):
                kinds.setdefault(item["apiVersion"], {})[item["kind"]] = None
        waits = [f"u_kinds {quote(api)} {self.timeout} {' '.join(map(quote, names))}" for api, names in kinds.items()]
        apply = f"{KUBECTL} apply {_SERVER_SIDE} -f - >/dev/null"
        document = f"<<'UNDERLAY_END'\n{_text(objects)}\nUNDERLAY_END"
        if not waits:
            return f"{apply} {document}"
        # A kind is listed a moment before it is served, longer with several API servers.
        function = f"u_apply() {{ {apply} {document}\n}}"
        return "\n".join([*waits, function, "u_apply 2>/dev/null || { sleep 3; u_apply; }"])

    def _wait(self, namespace: str, what: str, *, made: bool) -> str:
        rollout = f"u_rollout {quote(namespace)} {quote(what)} {self.timeout}"
        if made:
            return rollout
        late = f"{what} is not in namespace {namespace} after {self.timeout} s; what creates it is not running"
        create = f"{KUBECTL} wait --for=create -n {quote(namespace)} {quote(what)} --timeout={self.timeout}s"
        return f"{create} >/dev/null 2>&1 || {{ echo {quote(late)} >&2; u_failing >&2; exit 1; }}\n{rollout}"

    def check(self, host: Host) -> str | None:
        named = [
            {key: o[key] for key in ("apiVersion", "kind")}
            | {"metadata": {k: v for k, v in o["metadata"].items() if k in ("name", "namespace")}}
            for o in self.objects
        ]
        found = host.run(f"{KUBECTL} get -o name -f - <<'UNDERLAY_END'\n{_text(named)}\nUNDERLAY_END")
        return None if found.rc == 0 else found.stderr.strip()


def _text(objects: Iterable[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [_stored(o) for o in objects]}, sort_keys=True)


def _stored(item: dict[str, Any]) -> dict[str, Any]:
    """A Secret as the server stores it: server-side apply does not remove what was once in `stringData`."""
    if item["kind"] != "Secret" or "stringData" not in item:
        return item
    encoded = {key: b64encode(text.encode()).decode() for key, text in item["stringData"].items()}
    return {k: v for k, v in item.items() if k != "stringData"} | {"data": item.get("data", {}) | encoded}


def _template(secret: dict[str, Any]) -> str:
    keys = sorted(_stored(secret).get("data", {}))
    return "".join(["{{with .data}}", *('{{index . "' + key + '"}};' for key in keys), "{{end}}"])


def _digest(secret: dict[str, Any]) -> str:
    data = _stored(secret).get("data", {})
    return hashlib.sha256("".join(f"{data[key]};" for key in sorted(data)).encode()).hexdigest()


def _kinds(objects: Iterable[dict[str, Any]]) -> str:
    return ", ".join(f"{o['kind']} {o['metadata']['name']}" for o in objects)


def _namespace(item: dict[str, Any]) -> str:
    return str(item["metadata"].get("namespace", "default"))


def _name(item: dict[str, Any]) -> str:
    return quote(item["metadata"]["name"])
