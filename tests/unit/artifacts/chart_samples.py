"""Charts and repositories as the tests of charts use them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from typing import Any

import yaml

INDEX = "charts.example/stable/index.yaml"
FILE = "charts.example/stable/plugin-1.2.3.tgz"
KEY = "https://charts.example/stable/plugin@1.2.3"
OCI = "oci://registry.example/charts/plugin@v1.2.3+one"
MANIFEST = "registry.example/v2/charts/plugin/manifests/v1.2.3_one"
CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def packed(name: str = "plugin", version: str = "1.2.3", *, filler: int = 0) -> bytes:
    """A chart as `helm package` writes it."""
    buffer = io.BytesIO()
    texts = {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n", "README.md": "x" * filler}
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, text in texts.items():
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(buffer.getvalue(), mtime=0)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def index(entries: Any) -> bytes:
    return yaml.safe_dump({"apiVersion": "v1", "entries": entries}).encode()
