"""An executable with a known checksum, verified before it is put in place atomically."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from .resource import Host, Resource, Upload

BLOBS = "/var/cache/underlay/blobs/sha256"
RECORDS = "/var/lib/underlay/binaries"


def record_of(path: str) -> str:
    """Where the record of a binary is: another file of a few bytes whenever the binary is installed anew."""
    return f"{RECORDS}/{path.strip('/').replace('/', '-')}"


@dataclass(frozen=True)
class Binary(Resource):
    """`install` is shell that leaves the verified file at `path`; `blob` the controller's copy, where it pushes;
    `url` is what the host downloads, where it does.

    The checksum of a verified file is recorded with its size, inode and change time, so that observing it again does
    not read the file.
    """

    path: str
    version: str
    sha256: str
    install: str = field(repr=False)
    blob: Path | None = None
    url: str = field(default="", repr=False)

    kind = "binary"
    prelude = f"""\
u_binary() {{
  if [ -f "$1" ]; then
    now=$(stat -c '%s %i %.9Z' -- "$1"); record=
    read -r sum record <"{RECORDS}/$2"
    [ "$record" = "$now" ] || {{ sum=$(sha256sum <"$1"); sum=${{sum%% *}}; }}
  else sum=absent; fi
  if [ -e "{BLOBS}/$3" ]; then echo "$sum cached"; else echo "$sum"; fi
}}"""

    @property
    def name(self) -> str:
        return self.path

    def observe(self) -> str:
        return f"u_binary {quote(self.path)} {quote(record_of(self.path).rpartition('/')[2])} {self.sha256}"

    def difference(self, observed: str) -> str | None:
        now = observed.split(" ", maxsplit=1)[0]
        if now == self.sha256:
            return None
        return f"{'absent' if now in ('absent', '') else 'different content'} -> {self.version}"

    def apply(self) -> str:
        record = quote(record_of(self.path))
        return (
            f"(\n{self.install}\n)\nmkdir -p {RECORDS}\n"
            f"""echo "{self.sha256} $(stat -c '%s %i %.9Z' -- {quote(self.path)})" >{record}"""
        )

    def remove(self) -> str:
        return f"rm -f {quote(self.path)} {quote(record_of(self.path))}"

    def uploads(self, observed: str) -> Sequence[Upload]:
        if self.blob is None or observed.endswith(" cached"):
            return ()
        return (Upload(self.blob, self.sha256),)

    def downloads(self, observed: str) -> Sequence[str]:
        return (self.url,) if self.url else ()

    def check(self, host: Host) -> str | None:
        found = host.run("sha256sum %s", self.path)
        if found.rc:
            return f"{self.path}: missing"
        return (
            None
            if found.stdout.split()[0] == self.sha256
            else f"{self.path}: checksum differs from that of {self.version}"
        )
