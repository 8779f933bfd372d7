"""What passes the router between two racks, as tcpdump sees it; tcpdump itself comes from the lab's base image."""

from __future__ import annotations

import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from underlay.lab import image
from underlay.lab.host import namespaces
from underlay.lab.model import naming

READY_S = 20


@dataclass(frozen=True)
class Capture:
    """A finished capture."""

    file: Path

    def count(self, expression: str) -> int:
        """How many packets match, in pcap's language."""
        with self.file.open("rb") as packets:
            done = subprocess.run(
                _tcpdump("-r", "-", "--count", expression), stdin=packets, capture_output=True, text=True, check=True
            )
        return int(done.stdout.split()[0])

    def first(self, expression: str, *, most: int = 5) -> str:
        """The first packets that match, for a person."""
        with self.file.open("rb") as packets:
            reading = _tcpdump("-r", "-", "-nn", "-c", str(most), expression)
            return subprocess.run(reading, stdin=packets, capture_output=True, text=True, check=True).stdout

    def holds(self, text: str) -> bool:
        """Whether a text passed in the clear, in whatever packet."""
        return text.encode() in self.file.read_bytes()


@contextmanager
def capturing(lab: str, *, rack: int, file: Path) -> Iterator[Capture]:
    """Capture on a rack's switch, in the router, for the block."""
    network = f"--net={namespaces.path(naming.router(lab))}"
    listen = _tcpdump("-i", naming.bridge(rack), "-U", "--immediate-mode", "-B", "16384", "-s", "0", "-w", "-")
    with file.open("wb") as packets:
        process = subprocess.Popen(["nsenter", network, *listen], stdout=packets, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        ready, _, _ = select.select([process.stderr], [], [], READY_S)
        said = process.stderr.readline() if ready else "nothing"
        while "listening on" not in said and process.poll() is None and ready:
            said = process.stderr.readline()
        assert "listening on" in said, f"tcpdump says {said}"
        yield Capture(file)
    finally:
        process.terminate()
        process.communicate(timeout=READY_S)


def _tcpdump(*arguments: str) -> list[str]:
    return ["chroot", str(image.base()), "tcpdump", "-Z", "root", *arguments]
