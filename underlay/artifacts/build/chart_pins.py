"""Pins a chart: finds its file at upstream, in a chart repository by its index or in an OCI registry by its manifest,
and downloads it to see which chart it is."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import yaml

from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import ChartPin
from underlay.artifacts.oci import MANIFEST

from .chart_file import read_chart
from .request import another, save, telling

_CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_SHOWN = 5


@dataclass(frozen=True)
class _Located:
    """The chart's file as host/path; `sha256` is what upstream says it is, where it says so."""

    path: str
    sha256: str | None
    headers: dict[str, str]


def pin_chart(client: httpx.Client, base: str, key: str) -> ChartPin:
    """Look a chart up, `key` as lock.json has it, and download it whole: an index may be without a digest, and one
    that is wrong is better known now than on every host."""
    there = _locate(client, base, key)
    url = base + there.path
    with tempfile.NamedTemporaryFile(suffix=".tgz") as file:
        digest = save(client, url, file, there.headers)
        if there.sha256 not in (None, digest):
            raise another(url, digest, f"{there.sha256}")
        try:
            seen = read_chart(Path(file.name))
        except ArtifactError:
            raise ArtifactError(url, "is no Helm chart", found=f"{file.tell()} bytes") from None
    name, version = key.rpartition("/")[2].split("@")
    if (seen.name, seen.version) != (name, version):
        raise ArtifactError(url, f"is not the chart {name} {version}", found=f"it is {seen.name} {seen.version}")
    return ChartPin(there.path, digest)


def _locate(client: httpx.Client, base: str, key: str) -> _Located:
    """Ask upstream for a chart, `key` as lock.json has it; `base` stands before host names, as a mirror's URL does."""
    where, _, version = key.rpartition("@")
    scheme, _, rest = where.partition("://")
    repository, _, name = rest.rpartition("/")
    if not (repository and name and version) or scheme not in ("https", "oci"):
        raise ArtifactError(
            f"chart {key}", "cannot be looked up", remedy="write it as https://REPOSITORY/NAME@VERSION or oci://…"
        )
    if scheme == "oci":
        return _in_registry(client, base, rest, version)
    return _in_index(client, base, repository, name, version)


def _in_index(client: httpx.Client, base: str, repository: str, name: str, version: str) -> _Located:
    url = f"{base}{repository}/index.yaml"
    with telling(url):
        text = client.get(url).raise_for_status().text
    try:
        # PyYAML's own parser takes half a minute for the larger indexes.
        entries = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["entries"].get(name, [])  # noqa: S506
        found = next((e for e in entries if str(e["version"]) == version), None)
        if found is None:
            raise _no_such(url, name, version, [str(e["version"]) for e in entries])
        target = urljoin(f"https://{repository}/", found["urls"][0])
        digest = str(found.get("digest") or "").removeprefix("sha256:")
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ArtifactError(url, "is no index of charts", found=str(error).splitlines()[0].strip("'")) from None
    if urlsplit(target).scheme != "https":
        raise ArtifactError(url, f"keeps {name} {version} where nothing protects it", found=target)
    return _Located(target.removeprefix("https://"), digest or None, {})


def _no_such(url: str, name: str, version: str, versions: list[str]) -> ArtifactError:
    found = f"it has {', '.join(versions[:_SHOWN])}{', …' if len(versions) > _SHOWN else ''}" if versions else ""
    return ArtifactError(url, f"has no chart {name} {version}", found=found)


def _in_registry(client: httpx.Client, base: str, rest: str, version: str) -> _Located:
    host, _, path = rest.partition("/")
    # A tag cannot have the plus of a version's build metadata.
    url = f"{base}{host}/v2/{path}/manifests/{version.replace('+', '_')}"
    headers = {"Accept": MANIFEST}
    with telling(url):
        answer = client.get(url, headers=headers)
        token: dict[str, str] = {}
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            token = _anonymous(client, answer)
            answer = client.get(url, headers=headers | token)
        answer.raise_for_status()
    try:
        layers: list[dict[str, Any]] = answer.json()["layers"]
        digest = next(layer["digest"] for layer in layers if layer["mediaType"] == _CONTENT)
    except (ValueError, KeyError, TypeError, StopIteration):
        raise ArtifactError(url, "is no Helm chart", remedy="see whether the repository is a chart's") from None
    return _Located(f"{host}/v2/{path}/blobs/{digest}", digest.removeprefix("sha256:"), token)


def _anonymous(client: httpx.Client, refusal: httpx.Response) -> dict[str, str]:
    """The token that registries give to everybody, from the address in their refusal."""
    told = dict(re.findall(r'(\w+)="([^"]*)"', refusal.headers.get("WWW-Authenticate", "")))
    if "realm" not in told:
        return {}
    asked = {key: told[key] for key in ("service", "scope") if key in told}
    with telling(told["realm"]):
        document = client.get(told["realm"], params=asked).raise_for_status().json()
    return {"Authorization": f"Bearer {document.get('token') or document.get('access_token')}"}
