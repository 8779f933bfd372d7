"""A real registry for tests: Debian's docker-registry, an ordinary process, and what is pushed to it."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from .stand_in import ENDS_WITH_US

PROGRAM = shutil.which("docker-registry")
_START_S = 15.0
_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class DockerRegistry:
    """`directory` gets its configuration, blobs and log; `tls` is the certificate and key of https, `ca` signed them.

    `login` is a user and a password that it wants. It listens on `address`, which `command` may put into a network
    namespace.
    """

    directory: Path
    tls: tuple[Path, Path] | None = None
    ca: Path | None = None
    login: tuple[str, str] | None = None
    address: str = "127.0.0.1"
    port: int = 0
    command: tuple[str, ...] = ()

    def __enter__(self) -> DockerRegistry:
        self.port = self.port or _free_port()
        (self.directory / "registry.yml").write_text(yaml.safe_dump(self._configuration()))
        with (self.directory / "registry.log").open("w") as log:
            self._process = subprocess.Popen(
                [*ENDS_WITH_US, *self.command, "docker-registry", "serve", str(self.directory / "registry.yml")],
                stdout=log,
                stderr=log,
            )
        self._client = httpx.Client(base_url=self.url, verify=self._context(), auth=self.login, timeout=30)
        end = time.monotonic() + _START_S
        while not self._answers():
            assert time.monotonic() < end, self.log
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}"

    @property
    def log(self) -> str:
        """Every request, and what became of it."""
        return (self.directory / "registry.log").read_text()

    def push(self, repository: str, tag: str, manifest: bytes, blobs: list[Path]) -> str:
        """Push an image whose blobs are files named by anything; return the digest of its manifest."""
        for blob in blobs:
            self._upload(repository, blob)
        answer = self._client.put(
            f"/v2/{repository}/manifests/{tag}", content=manifest, headers={"Content-Type": _TYPE}
        ).raise_for_status()
        return answer.headers["Docker-Content-Digest"]

    def push_small(self, repository: str, tag: str, text: str = "x") -> str:
        """Push an image of one layer that is no archive; return its digest."""
        parts = {}
        for name in ("config", "layer"):
            path = self.directory / name
            path.write_text(json.dumps({name: text}))
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            kind = "config.v1+json" if name == "config" else "layer.v1.tar"
            size = path.stat().st_size
            parts[path] = {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{sha256}", "size": size}
        config, layer = parts.values()
        manifest = {"schemaVersion": 2, "mediaType": _TYPE, "config": config, "layers": [layer]}
        return self.push(repository, tag, json.dumps(manifest).encode(), list(parts))

    def _upload(self, repository: str, blob: Path) -> None:
        digest = f"sha256:{hashlib.sha256(blob.read_bytes()).hexdigest()}"
        if self._client.head(f"/v2/{repository}/blobs/{digest}").is_success:
            return
        begun = self._client.post(f"/v2/{repository}/blobs/uploads/").raise_for_status()
        place = httpx.URL(begun.headers["Location"]).copy_merge_params({"digest": digest})
        with blob.open("rb") as file:
            self._client.put(place, content=file).raise_for_status()

    def _configuration(self) -> dict[str, Any]:
        http: dict[str, Any] = {"addr": f"{self.address}:{self.port}", "secret": "tests"}
        if self.tls:
            http["tls"] = {"certificate": str(self.tls[0]), "key": str(self.tls[1])}
        made: dict[str, Any] = {
            "version": 0.1,
            "http": http,
            "storage": {"filesystem": {"rootdirectory": str(self.directory / "storage")}},
        }
        if self.login:
            user, password = self.login
            written = subprocess.run(
                ["htpasswd", "-inB", user], input=password, text=True, capture_output=True, check=True
            )
            (self.directory / "htpasswd").write_text(written.stdout)
            made["auth"] = {"htpasswd": {"realm": "tests", "path": str(self.directory / "htpasswd")}}
        return made

    def _context(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=str(self.ca)) if self.ca else True

    def _answers(self) -> bool:
        try:
            return self._client.get("/v2/").is_success
        except httpx.TransportError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
