"""A file with exactly this content, mode and owner, or no file at all."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Self

from .resource import Host, Resource


def place(write: str, path: str, *, mode: str, owner: str = "root:root") -> str:
    """Shell that puts what `write` (lines that fill "$t") makes at `path`: private at first, whole or not at all."""
    directory = quote(path.rsplit("/", 1)[0] or "/")
    return f"""\
(umask 022; mkdir -p {directory})
umask 077; t=$(mktemp {directory}/.underlay.XXXXXX); trap 'rm -f "$t"' EXIT
{write}
chown {owner} "$t"; chmod {mode} "$t"; mv -fT "$t" {quote(path)}; trap - EXIT"""


def written(text: str) -> str:
    """The `write` of `place` for text that is known."""
    return f"base64 -d >\"$t\" <<'UNDERLAY_END'\n{base64.encodebytes(text.encode()).decode()}UNDERLAY_END"


@dataclass(frozen=True)
class File(Resource):
    """A regular file. `content` None means that there must be none. Modes are octal strings without a leading 0."""

    path: str
    content: str | None = field(repr=False)
    mode: str = "644"
    owner: str = "root:root"
    secret: bool = False

    kind = "file"
    prelude = """\
u_stats= u_sums=
u_all_files() {
  for p do shift; [ -L "$p" ] || [ ! -f "$p" ] || set -- "$@" "$p"; done
  [ $# = 0 ] || { u_stats="$u_nl$(stat -c '%n %a %U:%G' -- "$@")$u_nl"; u_sums="$u_nl$(sha256sum -- "$@")$u_nl"; }
}
u_file() {
  if [ -L "$1" ]; then echo link
  elif [ -f "$1" ]; then
    u_sum=${u_sums%%"  $1$u_nl"*}
    if u_line "$u_stats" "$1 " && [ "$u_sum" != "$u_sums" ]; then echo "$u_found ${u_sum##*"$u_nl"}"
    else set -- $(stat -c '%a %U:%G' -- "$1") $(sha256sum <"$1"); echo "$1 $2 $3"; fi
  elif [ -e "$1" ]; then echo other
  else echo absent; fi
}"""

    @classmethod
    def gather(cls, those: Sequence[Self]) -> str:
        return f"u_all_files {' '.join(quote(f.path) for f in those)}"

    @property
    def name(self) -> str:
        return self.path

    @property
    def sha256(self) -> str:
        return hashlib.sha256((self.content or "").encode()).hexdigest()

    def observe(self) -> str:
        return f"u_file {quote(self.path)}"

    def difference(self, seen: str) -> str | None:
        if self.content is None:
            return None if seen == "absent" else "present -> absent"
        if seen == f"{self.mode} {self.owner} {self.sha256}":
            return None
        if seen == "absent":
            return "absent -> present"
        if seen.count(" ") != 2:
            return f"{seen if seen in ('link', 'other') else 'unreadable'} -> regular file"
        mode, owner, digest = seen.split(" ")
        parts = []
        if digest != self.sha256:
            parts.append("content differs")
        if mode != self.mode:
            parts.append(f"mode {mode} -> {self.mode}")
        if owner != self.owner:
            parts.append(f"owner {owner} -> {self.owner}")
        return ", ".join(parts)

    def apply(self) -> str:
        if self.content is None:
            return f"rm -f {quote(self.path)}"
        return place(written(self.content), self.path, mode=self.mode, owner=self.owner)

    def remove(self) -> str:
        return "" if self.content is None else f"rm -f {quote(self.path)}"

    def check(self, host: Host) -> str | None:
        if self.content is None:
            return None if host.run("ls -d %s", self.path).rc else f"{self.path} is there and must not be"
        found = host.run("ls -ld %s && cat %s", self.path, self.path)
        if found.rc:
            return f"{self.path} is missing"
        head, _, content = found.stdout.partition("\n")
        rights, _, owner, group = head.split()[:4]
        if content.rstrip("\n") != self.content.rstrip("\n"):
            return f"{self.path} has other content than declared"
        if rights[1:10] != _rights(self.mode):
            return f"{self.path} is {rights[1:10]}, not {_rights(self.mode)}"
        return None if f"{owner}:{group}" == self.owner else f"{self.path} belongs to {owner}:{group}"


def _rights(mode: str) -> str:
    """The nine letters `ls` prints for an octal mode: "640" -> "rw-r-----"."""
    bits = ("rwx"[i] if int(digit) & (4 >> i) else "-" for digit in mode[-3:] for i in range(3))
    return "".join(bits)


@dataclass(frozen=True)
class Directory(Resource):
    """A directory with this mode and owner; what is in it is nobody's business here."""

    path: str
    mode: str = "755"
    owner: str = "root:root"

    kind = "directory"
    prelude = """\
u_dirs=
u_all_dirs() { u_dirs="$u_nl$(stat -Lc '%n %a %U:%G' -- "$@")$u_nl"; }
u_dir() {
  if [ -d "$1" ]; then
    if u_line "$u_dirs" "$1 "; then echo "$u_found"; else stat -Lc '%a %U:%G' -- "$1"; fi
  elif [ -e "$1" ]; then echo other; else echo absent; fi
}"""

    @classmethod
    def gather(cls, those: Sequence[Self]) -> str:
        return f"u_all_dirs {' '.join(quote(d.path) for d in those)}"

    @property
    def name(self) -> str:
        return self.path

    def observe(self) -> str:
        return f"u_dir {quote(self.path)}"

    def difference(self, seen: str) -> str | None:
        wanted = f"{self.mode} {self.owner}"
        return None if seen == wanted else f"{seen or 'unreadable'} -> {wanted}"

    def apply(self) -> str:
        path = quote(self.path)
        return f"mkdir -p {path}; chown {self.owner} {path}; chmod {self.mode} {path}"

    def remove(self) -> str:
        return f"rmdir --ignore-fail-on-non-empty {quote(self.path)} 2>/dev/null || true"

    def check(self, host: Host) -> str | None:
        found = host.run("ls -ld %s/.", self.path)
        if found.rc:
            return f"directory {self.path} is missing"
        rights = found.stdout.split()[0][1:10]
        return None if rights == _rights(self.mode) else f"{self.path} is {rights}, not {_rights(self.mode)}"
