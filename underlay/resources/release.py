"""A Helm release: this chart in this version, with these values and no others."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from underlay.patience import stretched

from . import api_server
from .api_server import KUBECTL, LONG_SECONDS
from .binary import BLOBS
from .objects import FIELD_MANAGER
from .resource import Host, Resource, Upload
from .values import TEMPLATE, differing, read

HELM = "helm --kubeconfig=/etc/kubernetes/admin.conf"
# Revisions that helm keeps: each is as large as the chart, and reading a release reads them all.
HISTORY = 3
# What the API server takes as a Secret's data (MaxSecretSize in its core types); a record has to fit in one. The
# largest, of crd.projectcalico.org.v1 v3.32.1, has 949 kB: 90 %.
SECRET_BYTES = 2**20
_FULL = 0.95
_NAMED = 6
_OBSERVED = TEMPLATE + (
    "{{with .Release}}{{.Info.Status}} {{.Chart.Metadata.Name}} {{.Chart.Metadata.Version}} "
    '{{template "values" .Config}}{{end}}'
)
_OURS = "app.kubernetes.io/managed-by=underlay"
_CRDS = '{{range .Release.Chart.CRDObjects}}{{printf "---\\n%s\\n" .File.Data}}{{end}}'


@dataclass(frozen=True)
class HostChart:
    """A chart on a host: `install` is shell that leaves the verified file at `path`; `blob` is the controller's copy,
    where it pushes, `url` what the host downloads, where it does."""

    name: str
    version: str
    sha256: str
    path: str
    install: str = field(repr=False)
    blob: Path | None = None
    url: str = ""


@dataclass(frozen=True)
class HelmRelease(Resource):
    """Installed and upgraded by helm on a control-plane host; values set by others are drift.

    `timeout` in seconds limits helm itself, and the wait for a helm that somebody else runs.
    """

    release: str
    namespace: str
    chart: HostChart
    values: dict[str, Any] = field(repr=False, hash=False)
    timeout: int = stretched(300)

    kind = "release"
    prelude = f"""\
{api_server.FUNCTIONS}
u_helm() {{
  u_cluster; case $? in 1) observed=absent; return 0 ;; 2) return 1 ;; esac
  [ -z "$u_down" ] || {{ u_why=$u_down; return 1; }}
  # The deploy installs helm first, and asks again.
  command -v helm >/dev/null || {{ observed=unreadable; return 0; }}
  observed=$(timeout {LONG_SECONDS} {HELM} get all "$1" -n "$2" --template {quote(_OBSERVED)} 2>&1) && return
  case $observed in *'release: not found'*) observed=absent; return 0 ;; esac
  u_why="helm: $(printf '%s' "$observed" | tail -n 1)"; observed=unreadable
  u_alive
}}
u_release() {{
  u_helm "$1" "$2" || return
  if [ -e "{BLOBS}/$3" ]; then echo "$observed cached"; else echo "$observed"; fi
}}"""

    @property
    def name(self) -> str:
        return self.release

    @property
    def _what(self) -> str:
        return f"{self.chart.name} {self.chart.version}"

    def observe(self) -> str:
        return f"u_release {quote(self.release)} {quote(self.namespace)} {self.chart.sha256}"

    def difference(self, observed: str) -> str | None:
        words = observed.removesuffix(" cached").split(" ")
        if len(words) != 4 or words[0] == "uninstalled":
            return f"{'absent' if words[0] in ('absent', 'uninstalled') else 'unreadable'} -> {self._what}"
        status, name, version, live = words
        parts = [] if status == "deployed" else [f"{status} -> deployed"]
        if (name, version) != (self.chart.name, self.chart.version):
            parts.append(f"{name} {version} -> {self._what}")
        if paths := list(differing(read(live), self.values)):
            more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
            parts.append(f"values differ: {', '.join(paths[:_NAMED])}{more}")
        return ", ".join(parts) or None

    def apply(self) -> str:
        # One helm at a time on this host: the lock is held as long as helm itself lives, whoever started it. A pending
        # revision then belongs to a helm that was killed, if it is the recorded one; otherwise possibly to a helm
        # elsewhere, which is given time to end.
        name, namespace, path = quote(self.release), quote(self.namespace), quote(self.chart.path)
        note = quote(f"/run/underlay/helm/{self.namespace}.{self.release}")
        return f"""\
(
{self.chart.install}
)
mkdir -p /run/underlay/helm
exec 9>/run/underlay/helm/lock
flock -w {self.timeout} 9 || {{ echo "an earlier helm still runs on this host after {self.timeout} s" >&2; exit 1; }}
u_latest() {{
  {KUBECTL} get secret -n {namespace} -l owner=helm,name={name} --ignore-not-found --no-headers \\
    -L status,version,modifiedAt,createdAt | sort -k 6,6n | tail -n 1
}}
noted=$(cat {note} 2>/dev/null || echo none)
while set -- $(u_latest) && case ${{5-}} in pending-*) true ;; *) false ;; esac; do
  if [ "$6" = "$noted" ] || [ $(($(date +%s) - ${{7:-0}})) -ge {self.timeout} ]; then
    {KUBECTL} delete secret -n {namespace} "$1" >/dev/null
  else sleep 2; fi
done
if [ "${{5-}}" = uninstalling ]; then {HELM} uninstall {name} -n {namespace} --ignore-not-found >/dev/null; fi
{KUBECTL} get namespace {namespace} -o name >/dev/null 2>&1 ||
  {KUBECTL} apply --server-side --field-manager={FIELD_MANAGER} -f - >/dev/null <<'UNDERLAY_END'
{json.dumps(self._namespace())}
UNDERLAY_END
{HELM} show crds {path} >{note}.crds
if grep -q kind {note}.crds; then
  {KUBECTL} apply --server-side --force-conflicts --field-manager={FIELD_MANAGER} -f {note}.crds >/dev/null
  {KUBECTL} wait --for=condition=established --timeout={LONG_SECONDS}s -f {note}.crds >/dev/null
fi
rm -f {note}.crds
echo $((${{6:-0}} + 1)) >{note}
{HELM} upgrade --install {name} {path} -n {namespace} --values - --reset-values --force-conflicts --skip-crds \\
  --history-max {HISTORY} --timeout {self.timeout}s --hide-notes >/dev/null <<'UNDERLAY_END'
{json.dumps(self.values, sort_keys=True)}
UNDERLAY_END
rm -f {note}"""

    def _namespace(self) -> dict[str, Any]:
        labels = [_OURS.split("=")]
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": dict(labels)}}

    def remove(self) -> str:
        name, namespace = quote(self.release), quote(self.namespace)
        return f"""\
if [ -e /etc/kubernetes/admin.conf ] && crds=$({HELM} get all {name} -n {namespace} --template {quote(_CRDS)}); then
  {HELM} uninstall {name} -n {namespace} --ignore-not-found --wait --timeout {self.timeout}s >/dev/null
  [ -z "$crds" ] || printf '%s\\n' "$crds" |
    {KUBECTL} delete --ignore-not-found --timeout={LONG_SECONDS}s -f - >/dev/null
  {KUBECTL} delete namespace -l {_OURS} --field-selector metadata.name={namespace} >/dev/null
fi
rm -f {quote(self.chart.path)}"""

    def uploads(self, observed: str) -> Sequence[Upload]:
        if self.chart.blob is None or observed.endswith(" cached"):
            return ()
        return (Upload(self.chart.blob, self.chart.sha256),)

    def downloads(self, observed: str) -> Sequence[str]:
        return (self.chart.url,) if self.chart.url else ()

    def check(self, host: Host) -> str | None:
        where = f"release {self.release} in namespace {self.namespace}"
        chosen = f"-n {quote(self.namespace)} -l owner=helm,status=deployed,name={quote(self.release)}"
        found = host.run(f"{KUBECTL} get secret {chosen} -o 'jsonpath={{.items[*].data.release}}'")
        if found.rc or not found.stdout.strip():
            return f"{where}: nothing is deployed{': ' + found.stderr.strip() if found.rc else ''}"
        try:
            # Kubernetes' base64 around helm's own.
            data = base64.b64decode(found.stdout.split()[-1])
            release = json.loads(gzip.decompress(base64.b64decode(data)))
            chart = release["chart"]["metadata"]
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            return f"{where}: its Secret cannot be read"
        if (chart["name"], chart["version"]) != (self.chart.name, self.chart.version):
            return f"{where}: {chart['name']} {chart['version']}, expected {self._what}"
        paths = list(differing(release.get("config") or {}, self.values))
        if paths:
            return f"{where}: values differ: {', '.join(paths)}"
        return f"{where}: {_nearly_full(len(data))}" if len(data) > SECRET_BYTES * _FULL else None


def _nearly_full(size: int) -> str:
    return (
        f"its record fills {size * 100 // SECRET_BYTES} % of a Secret ({size} of {SECRET_BYTES} bytes), and helm "
        "cannot install a chart whose record does not fit; keep this version, and see docs/artifacts.md before the next"
    )
