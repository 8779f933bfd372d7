"""A host, as far as the scripts that fetch and place files see it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from underlay.artifacts.artifact import BinaryArtifact
from underlay.artifacts.fetch import DownloadLimits, fetch_script
from underlay.machines import ARCHITECTURES

from .artifacts_server import leftovers

CONTENT = b"#!/bin/sh\n" + os.urandom(200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = "dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubeadm"
OLD = b"the version before\n"


@dataclass
class Host:
    """A host, as far as the script sees it: a place for the command and a cache."""

    root: Path
    dest: Path
    cache: Path

    def fetch(
        self,
        url: str,
        *,
        sha256: str = SHA256,
        member: str | None = None,
        tries: int = 1,
        machine: str = "",
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        of = {"name": "kubeadm", "version": "1.37.2", "sha256": sha256, "url": url, "member": member}
        builds = [BinaryArtifact(arch=arch, **of) for arch in ARCHITECTURES]
        limits = DownloadLimits(tries=tries, pause=0, stall=1)
        script = fetch_script(builds, str(self.dest), "755", str(self.cache), limits=limits)
        return self.run(script, machine=machine, **environment)

    def run(self, script: str, *, machine: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run shell as on a host; `machine` is what its uname -m prints, without any what it prints here."""
        is_machine = f"uname() {{ echo {machine}; }}\n" if machine else ""
        given = {"PATH": os.environ["PATH"], "LC_ALL": "C"} | environment
        return subprocess.run(
            ["sh", "-s"], input=is_machine + script, text=True, capture_output=True, check=False, env=given
        )

    @property
    def files(self) -> list[str]:
        return leftovers(self.root)


def assert_untouched(host: Host, *, partial: str | None = None) -> None:
    assert host.dest.read_bytes() == OLD
    assert host.files == sorted(["bin/kubeadm", *([f"cache/partial/{partial}"] if partial else [])])
