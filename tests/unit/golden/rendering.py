"""A render as golden documents show it: without what repeats itself, and dense enough to be read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any
from unittest import mock

import yaml

from tests.unit.clusters import PaperArtifacts, cluster, dual_stack, one_rack, with_bgp
from underlay.inventory.spec import Spec
from underlay.model.cluster import Cluster
from underlay.networks.network import Network
from underlay.plan.render import rendered

Files = dict[tuple[str, str], str]
"""(host, or "" for the cluster; path) -> text."""

SHAPES: dict[str, Cluster] = {
    "small": one_rack(bgp=None),
    "small with BGP": one_rack(),
    "racks with BGP": cluster(bgp=with_bgp()),
    "dual stack": dual_stack(),
}
WIDTH = 150
RECORD = "configmap-underlay"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def files(network: Network, shape: str) -> Files:
    """Everything that a deploy of this network installs on a cluster of that shape."""
    requested = replace(SHAPES[shape], routes=network.routes[0])
    spec = Spec(cluster=requested, network=network, artifacts={"source": "upstream"}, verify=True)
    found: Files = {}
    order: dict[str, list[str]] = {}
    with mock.patch("underlay.plan.render.Secrets", _Shown):
        texts = rendered(spec, PaperArtifacts())
    for path, text in texts.items():
        shown = dense(text) if path.endswith(".yaml") else text
        if host := re.fullmatch(r"hosts/([^/]+)/(.*)", path):
            found[host[1], host[2]] = shown
        elif item := re.fullmatch(r"(cluster/objects[^/]*)/\d+-(.*)\.yaml", path):
            order.setdefault(item[1], []).append(item[2])
            record = item[2] == RECORD
            found["", item[2] if record else f"{item[1]}/{item[2]}"] = _brief(text, network) if record else shown
        else:
            found["", path] = shown
    found |= {("", f"{folder} in order"): f"{' '.join(names)}\n" for folder, names in order.items()}
    return {key: _anonymous(text, network.mode) for key, text in found.items()}


class _Shown:
    """Secrets as they are: those of an example are none."""

    def __init__(self, spec: Spec) -> None: ...

    def hidden(self, value: Any) -> Any:
        return value

    def text(self, text: str) -> str:
        return text


def _anonymous(text: str, mode: str) -> str:
    """A text without the mode's name, and without digests of what the same document shows."""
    text = re.sub(rf"(?m)^(mode: |network: objects ){mode}\b", r"\1<mode>", text)
    return re.sub(r"(underlay/config: )'?[0-9a-f]{16}'?", r"\1<digest>", text)


def _brief(text: str, network: Network) -> str:
    """The record of a deploy without the settings, which the summary has too."""
    document = next(yaml.load_all(text, Loader=_Loader))
    recorded = json.loads(document["data"]["spec"])
    if recorded["network"] == {"mode": network.mode, **network.model_dump(mode="json")}:
        recorded["network"] = "mode and settings, as in network.yaml"
    return _document(document | {"data": document["data"] | {"spec": recorded}})


@cache
def dense(text: str) -> str:
    """YAML with every part that fits into a line on one line, and JSON within it as what it says."""
    return "".join(_document(_with_json(document)) for document in yaml.load_all(text, Loader=_Loader))


def _document(document: Any) -> str:
    """An object's kind and metadata are its first line: they do not change without it being another object."""
    if not isinstance(document, dict) or "kind" not in document:
        return _yaml(document)
    rest = {key: value for key, value in document.items() if key not in ("kind", "apiVersion", "metadata")}
    about = f"{document['kind']} of {document['apiVersion']}"
    metadata = f" {_yaml(document['metadata'])}" if "metadata" in document else "\n"
    return about + metadata + "".join(_yaml({key: value}, block=True) for key, value in rest.items())


def _yaml(document: Any, *, block: bool = False) -> str:
    dumper = _Block if block else _Dense
    return str(yaml.dump(document, Dumper=dumper, sort_keys=False, width=2**16, allow_unicode=True))


class _Json(dict[str, Any]):
    """What a JSON text says, always a key a line: it grows and shrinks with the settings."""


def _with_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, inner in value.items():
        is_json = isinstance(inner, str) and inner.startswith("{")
        found[f"{key} (JSON)" if is_json else key] = _Json(json.loads(inner)) if is_json else _with_json(inner)
    return found


class _Dense(yaml.SafeDumper):
    """Every part that fits into a line on one line."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_data(self, data: Any) -> yaml.Node:
        node: yaml.Node = super().represent_data(data)
        if isinstance(node, yaml.CollectionNode):
            shown = json.dumps(data)
            node.flow_style = not data or ("\\n" not in shown and len(shown) < WIDTH and not _has_json(data))
        elif isinstance(node, yaml.ScalarNode) and isinstance(data, str) and "\n" in data:
            node.style = "|"
        return node


class _Block(_Dense):
    """The same below a document's own keys, each of which begins a line."""

    def represent(self, data: Any) -> None:
        node = self.represent_data(data)
        if isinstance(node, yaml.CollectionNode):
            node.flow_style = False
        self.serialize(node)


def _has_json(data: Any) -> bool:
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return isinstance(data, _Json) or any(map(_has_json, inner))


_Dense.add_representer(_Json, yaml.SafeDumper.represent_dict)
