"""A small Helm chart: a ConfigMap, a kind of its own, an agent on every node, and a hook that takes its time."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

NAME = "tiny"

_VALUES = """\
color: red
nested: {depth: 1}
linger: 0
password: ""
"""
_CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: tiny}
data: {color: {{ .Values.color | quote }}, depth: {{ .Values.nested.depth | quote }}}
"""
_AGENT = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: tiny}
spec:
  selector: {matchLabels: {app: tiny}}
  template:
    metadata: {labels: {app: tiny}}
    spec:
      hostNetwork: true
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      containers: [{name: agent, image: {{ .Values.image }}, args: [pause]}]
"""
_HOOK = """\
{{ if .Values.linger }}
apiVersion: batch/v1
kind: Job
metadata:
  name: tiny-linger
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  template:
    spec:
      hostNetwork: true
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      containers: [{name: linger, image: {{ .Values.image }}, command: [sleep, {{ .Values.linger | quote }}]}]
{{ end }}
"""
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "tinies.tiny.example"},
    "spec": {
        "group": "tiny.example",
        "scope": "Cluster",
        "names": {"kind": "Tiny", "plural": "tinies", "singular": "tiny"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                    }
                },
            }
        ],
    },
}


def write_chart(path: Path, *, version: str, crd: str) -> Path:
    """Write the chart as `helm package` would; `crd` is the text of its kind."""
    texts = {
        "Chart.yaml": f"apiVersion: v2\nname: {NAME}\nversion: {version}\n",
        "values.yaml": _VALUES,
        "templates/config.yaml": _CONFIG_MAP,
        "templates/agent.yaml": _AGENT,
        "templates/hook.yaml": _HOOK,
        "crds/tiny.yaml": crd,
    }
    with tarfile.open(path, mode="w:gz") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(f"{NAME}/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
