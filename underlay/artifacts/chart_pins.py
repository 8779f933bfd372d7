"""Pins a chart: finds its file in a chart repository or an OCI registry, downloads it and verifies what it is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import yaml

from .chart_file import read_chart
from .endpoints import Endpoint, Registries, content_url
from .error import ArtifactError
from .lock import ChartPin
from .oci import MANIFEST
from .registry import token_header
from .request import reporting_errors, save, wrong_checksum

_CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_SHOWN = 5


@dataclass(frozen=True)
class _Located:
    """A chart's file as host/path; `sha256` is upstream's digest, if it publishes one."""

    path: str
    sha256: str | None
    headers: dict[str, str]


def pin_chart(client: httpx.Client, base: str, key: str, registries: Registries | None = None) -> ChartPin:
    """Look up a chart, download it and return its pin; `base` stands before host names, as the URL of a mirror does.

    It is downloaded because an index may have no digest, or a wrong one, which is better noticed now than on every
    host.

    :param key: repository/name@version, as in lock.json.
    :param registries: who has what registries have, where it is another one.
    :raises ArtifactError: when it cannot be found or downloaded, or is another chart.
    """
    endpoints = registries.endpoints if registries else {}
    found = _locate(client, base, key, endpoints)
    url = content_url(found.path, base, endpoints)
    with tempfile.NamedTemporaryFile(suffix=".tgz") as file:
        digest = save(client, url, file, found.headers)
        if found.sha256 not in (None, digest):
            raise wrong_checksum(url, digest, f"{found.sha256}")
        try:
            chart = read_chart(Path(file.name))
        except ArtifactError:
            raise ArtifactError(url, "is not a Helm chart", found=f"{file.tell()} bytes") from None
    name, version = key.rpartition("/")[2].split("@")
    if (chart.name, chart.version) != (name, version):
        raise ArtifactError(url, f"is not the chart {name} {version}", found=f"it is {chart.name} {chart.version}")
    return ChartPin(found.path, digest)


def _locate(client: httpx.Client, base: str, key: str, endpoints: Mapping[str, Endpoint]) -> _Located:
    where, _, version = key.rpartition("@")
    scheme, _, rest = where.partition("://")
    repository, _, name = rest.rpartition("/")
    if not (repository and name and version) or scheme not in ("https", "oci"):
        raise ArtifactError(
            f"chart {key}", "not a chart reference", remedy="write it as https://REPOSITORY/NAME@VERSION or oci://…"
        )
    if scheme == "oci":
        return _in_registry(client, base, rest, version, endpoints)
    return _in_index(client, base, repository, name, version)


def _in_index(client: httpx.Client, base: str, repository: str, name: str, version: str) -> _Located:
    url = f"{base}{repository}/index.yaml"
    with reporting_errors(url):
        text = client.get(url).raise_for_status().text
    try:
        # PyYAML's parser in Python takes half a minute for the larger indexes.
        entries = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["entries"].get(name, [])  # noqa: S506
        found = next((e for e in entries if str(e["version"]) == version), None)
        if found is None:
            raise _no_such(url, name, version, [str(e["version"]) for e in entries])
        target = urljoin(f"https://{repository}/", found["urls"][0])
        digest = str(found.get("digest") or "").removeprefix("sha256:")
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ArtifactError(url, "is not an index of charts", found=str(error).splitlines()[0].strip("'")) from None
    if urlsplit(target).scheme != "https":
        raise ArtifactError(url, f"serves {name} {version} without TLS", found=target)
    return _Located(target.removeprefix("https://"), digest or None, {})


def _no_such(url: str, name: str, version: str, versions: list[str]) -> ArtifactError:
    found = f"it has {', '.join(versions[:_SHOWN])}{', …' if len(versions) > _SHOWN else ''}" if versions else ""
    return ArtifactError(url, f"has no chart {name} {version}", found=found)


def _in_registry(
    client: httpx.Client, base: str, rest: str, version: str, endpoints: Mapping[str, Endpoint]
) -> _Located:
    host, _, path = rest.partition("/")
    user = endpoints[host].authorization if host in endpoints else None
    login = {"Authorization": user} if user else {}
    # A tag cannot contain the plus sign of a version's build metadata.
    url = content_url(f"{host}/v2/{path}/manifests/{version.replace('+', '_')}", base, endpoints)
    headers = {"Accept": MANIFEST}
    with reporting_errors(url):
        response = client.get(url, headers=headers)
        token: dict[str, str] = {}
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = token_header(client, response.headers.get("WWW-Authenticate", ""), login) or login
            response = client.get(url, headers=headers | token)
        response.raise_for_status()
    try:
        layers: list[dict[str, Any]] = response.json()["layers"]
        digest = next(layer["digest"] for layer in layers if layer["mediaType"] == _CONTENT)
    except (ValueError, KeyError, TypeError, StopIteration):
        raise ArtifactError(url, "is not a Helm chart", remedy="check that the repository has charts") from None
    return _Located(f"{host}/v2/{path}/blobs/{digest}", digest.removeprefix("sha256:"), token)
