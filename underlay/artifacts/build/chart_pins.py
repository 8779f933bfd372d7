"""Pins a chart: where its file is and which it is, seen with one's own eyes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx

from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import ChartPin

from .chart_file import read_chart
from .chart_lookup import locate
from .request import another, save


def pin_chart(client: httpx.Client, base: str, key: str) -> ChartPin:
    """Look a chart up, `key` as lock.json has it, and download it whole: an index may be without a digest, and one
    that is wrong is better known now than on every host."""
    there = locate(client, base, key)
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
