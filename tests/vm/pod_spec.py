"""A DaemonSet's container as a process without a container: what a kubelet would have made of its spec."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Process:
    """`files` are what its volumes of configuration would show it."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    files: Mapping[str, str]
    account: str
    namespace: str


def process(objects: tuple[Object, ...], *, fields: Mapping[str, str]) -> Process:
    """The first container of the only DaemonSet; `fields` are values of the downward API (`status.hostIP`)."""
    (daemon_set,) = (o for o in objects if o["kind"] == "DaemonSet")
    spec = daemon_set["spec"]["template"]["spec"]
    container = spec["containers"][0]
    data = {(o["kind"], o["metadata"]["name"]): _data(o) for o in objects if o["kind"] in ("ConfigMap", "Secret")}
    environment = {e["name"]: _value(e, data, fields) for e in container.get("env", ())}
    words = (*container["command"], *container.get("args", ()))
    return Process(
        command=tuple(re.sub(r"\$\((\w+)\)", lambda m: environment[m[1]], word) for word in words),
        environment=environment,
        files=_files(spec, container, data),
        account=spec["serviceAccountName"],
        namespace=daemon_set["metadata"]["namespace"],
    )


def _data(source: Object) -> dict[str, str]:
    if source["kind"] == "ConfigMap":
        return dict(source["data"])
    packed = {key: base64.b64decode(value).decode() for key, value in source.get("data", {}).items()}
    return {**packed, **source.get("stringData", {})}


def _value(entry: Object, data: Mapping[tuple[str, str], Mapping[str, str]], fields: Mapping[str, str]) -> str:
    if "value" in entry:
        return str(entry["value"])
    source = entry["valueFrom"]
    if "fieldRef" in source:
        return fields[source["fieldRef"]["fieldPath"]]
    if "secretKeyRef" in source:
        return data["Secret", source["secretKeyRef"]["name"]][source["secretKeyRef"]["key"]]
    return data["ConfigMap", source["configMapKeyRef"]["name"]][source["configMapKeyRef"]["key"]]


def _files(spec: Object, container: Object, data: Mapping[tuple[str, str], Mapping[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    volumes = {v["name"]: v for v in spec["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        if "configMap" in volume:
            entries = data["ConfigMap", volume["configMap"]["name"]]
        elif "secret" in volume:
            entries = data["Secret", volume["secret"]["secretName"]]
        else:
            continue
        found |= {f"{mount['mountPath'].rstrip('/')}/{name}": text for name, text in entries.items()}
    return found
