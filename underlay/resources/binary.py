"""An executable with a known checksum, verified before it is put in place atomically."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from underlay.machines import MACHINES

from .file import put_back
from .resource import Host, Resource, Upload

BLOBS = "/var/cache/underlay/blobs/sha256"
RECORDS = "/var/lib/underlay/binaries"


def record_of(path: str) -> str:
    """Where the record of a binary is: another file of a few bytes whenever the binary is installed anew."""
    return f"{RECORDS}/{path.strip('/').replace('/', '-')}"


@dataclass(frozen=True)
class BinaryBuild:
    """A command for one architecture, as Go names it: the file of this `sha256`, or the `member` of that archive.

    `blob` is the controller's copy, where it pushes; `url` is what the host downloads, where it does.
    """

    arch: str
    sha256: str
    member: str | None = None
    blob: Path | None = None
    url: str = ""


@dataclass(frozen=True)
class Binary(Resource):
    """`install` is shell that leaves the verified file at `path`; of `builds` a host has the one for its architecture.

    The checksum of a verified file is recorded with its size, inode and change time, so that observing it again does
    not read the file, and with the archive it was unpacked from: nobody publishes the checksum of a file inside one.
    """

    path: str
    version: str
    builds: tuple[BinaryBuild, ...]
    install: str = field(repr=False)

    kind = "binary"
    restorable = True
    prelude = f"""\
u_machine=$(uname -m)
u_binary() {{
  origin=
  if [ -f "$1" ]; then
    now=$(stat -c '%s %i %.9Z' -- "$1"); sum=; record=; from=; member=
    [ ! -f "{RECORDS}/$2" ] || {{ read -r sum record; read -r from member; }} <"{RECORDS}/$2"
    known=$sum
    [ "$record" = "$now" ] || {{ sum=$(sha256sum <"$1"); sum=${{sum%% *}}; }}
    [ -z "$from" ] || [ "$known" != "$sum" ] || origin=" of $from $member"
  else sum=absent; fi
  [ -z "$3" ] || [ ! -e "{BLOBS}/$3" ] || origin="$origin cached"
  echo "$u_machine $sum$origin"
}}"""

    @property
    def name(self) -> str:
        return self.path

    @property
    def _pushed(self) -> BinaryBuild | None:
        return next((build for build in self.builds if build.blob), None)

    def _for(self, machine: str) -> BinaryBuild | None:
        return next((build for build in self.builds if MACHINES.get(build.arch) == machine), None)

    def observe(self) -> str:
        pushed = self._pushed.sha256 if self._pushed else ""
        return f"u_binary {quote(self.path)} {quote(record_of(self.path).rpartition('/')[2])} {quote(pushed)}"

    def difference(self, observed: str) -> str | None:
        machine, now, *origin = (*observed.removesuffix(" cached").split(" "), "", "")[:5]
        build = self._for(machine)
        if build is None:
            return f"nothing for {machine or 'an unknown architecture'} -> {self.version}"
        if build.member and origin[:3] == ["of", build.sha256, build.member]:
            return None
        if not build.member and now == build.sha256:
            return None
        return f"{'absent' if now in ('absent', '') else 'different content'} -> {self.version}"

    def apply(self) -> str:
        record = quote(record_of(self.path))
        cases = " ".join(f"{MACHINES[build.arch]}) {self._recorded(build)} ;;" for build in self.builds)
        return f"(\n{self.install}\n)\nmkdir -p {RECORDS}\n{{ case $u_machine in {cases} esac; }} >{record}"

    def _recorded(self, build: BinaryBuild) -> str:
        """Shell that prints the record of what `install` has verified."""
        path = quote(self.path)
        stat = f"$(stat -c '%s %i %.9Z' -- {path})"
        if build.member is None:
            return f'echo "{build.sha256} {stat}"'
        return f'echo "$(sha256sum <{path} | cut -c1-64) {stat}"; echo {build.sha256} {quote(build.member)}'

    def remove(self) -> str:
        return f"rm -f {quote(self.path)} {quote(record_of(self.path))}"

    def replaces(self, observed: str) -> str | None:
        return None if _is_absent(observed) else self.path

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        record = f"rm -f {quote(record_of(name))}"
        if _is_absent(prior):
            return f"rm -f {quote(name)}; {record}"
        return f"{put_back(name, kept=kept)}\n{record}"

    def uploads(self, observed: str) -> Sequence[Upload]:
        pushed = self._pushed
        if pushed is None or pushed.blob is None or observed.endswith(" cached"):
            return ()
        return (Upload(pushed.blob, pushed.sha256),)

    def downloads(self, observed: str) -> Sequence[str]:
        build = self._for(observed.partition(" ")[0])
        return (build.url,) if build and build.url else ()

    def check(self, host: Host) -> str | None:
        found = host.run("sha256sum %s", self.path)
        if found.rc:
            return f"{self.path}: missing"
        machine = host.run("uname -m").stdout.strip()
        build = self._for(machine)
        if build is None:
            return f"{self.path}: is published for {', '.join(b.arch for b in self.builds)}, not for {machine}"
        expected = {build.sha256} if not build.member else self._unpacked(host, build)
        return (
            None
            if found.stdout.split()[0] in expected
            else f"{self.path}: checksum differs from that of {self.version}"
        )

    def _unpacked(self, host: Host, build: BinaryBuild) -> set[str]:
        """The checksum of the member, as it was recorded when it was unpacked from the verified archive."""
        sum_line, _, origin = host.run("cat %s", record_of(self.path)).stdout.strip().partition("\n")
        return {sum_line.split(" ")[0]} if origin == f"{build.sha256} {build.member}" else set()


def _is_absent(observed: str) -> bool:
    return (*observed.split(" "), "", "")[1] in ("absent", "")
