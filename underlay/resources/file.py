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
    """Shell that writes a file atomically: `write` (shell) fills the private temporary file "$t"; then a rename."""
    directory = quote(path.rsplit("/", 1)[0] or "/")
    return f"""\
(umask 022; mkdir -p {directory})
umask 077; t=$(mktemp {directory}/.underlay.XXXXXX); trap 'rm -f "$t"' EXIT
{write}
chown {owner} "$t"; chmod {mode} "$t"; mv -fT "$t" {quote(path)}; trap - EXIT"""


def written(text: str) -> str:
    """The `write` of `place` for a known text."""
    return f"base64 -d >\"$t\" <<'UNDERLAY_END'\n{base64.encodebytes(text.encode()).decode()}UNDERLAY_END"


def put_back(path: str, *, kept: str) -> str:
    """Shell that gives a replaced file back as it was, atomically, with its mode, owner and times."""
    directory = quote(path.rpartition("/")[0] or "/")
    return f"""\
if [ -e {quote(kept + path)} ] || [ -L {quote(kept + path)} ]; then
  mkdir -p {directory}; cp -aT {quote(kept + path)} {quote(path + ".underlay")}
  mv -fT {quote(path + ".underlay")} {quote(path)}
fi"""


@dataclass(frozen=True)
class File(Resource):
    """A regular file; none may exist where `content` is None. Modes are octal strings without a leading 0.

    The content of a `secret` file is not shown in a render.
    """

    path: str
    content: str | None = field(repr=False)
    mode: str = "644"
    owner: str = "root:root"
    secret: bool = False

    kind = "file"
    restorable = True
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
    def gather(cls, resources: Sequence[Self]) -> str:
        return f"u_all_files {' '.join(quote(f.path) for f in resources)}"

    @property
    def name(self) -> str:
        return self.path

    @property
    def sha256(self) -> str:
        return hashlib.sha256((self.content or "").encode()).hexdigest()

    def observe(self) -> str:
        return f"u_file {quote(self.path)}"

    def difference(self, observed: str) -> str | None:
        if self.content is None:
            return None if observed == "absent" else "present -> absent"
        if observed == f"{self.mode} {self.owner} {self.sha256}":
            return None
        if observed == "absent":
            return "absent -> present"
        if observed.count(" ") != 2:
            return f"{observed if observed in ('link', 'other') else 'unreadable'} -> regular file"
        mode, owner, digest = observed.split(" ")
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

    def replaces(self, observed: str) -> str | None:
        return None if observed == "absent" else self.path

    def remove(self) -> str:
        return "" if self.content is None else f"rm -f {quote(self.path)}"

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        return f"rm -f {quote(name)}" if prior == "absent" else put_back(name, kept=kept)

    def check(self, host: Host) -> str | None:
        if self.content is None:
            return None if host.run("ls -d %s", self.path).rc else f"{self.path}: exists, expected absent"
        found = host.run("ls -ld %s && cat %s", self.path, self.path)
        if found.rc:
            return f"{self.path}: missing"
        head, _, content = found.stdout.partition("\n")
        rights, _, owner, group = head.split()[:4]
        if content.rstrip("\n") != self.content.rstrip("\n"):
            return f"{self.path}: content differs from the declared content"
        if rights[1:10] != _rights(self.mode):
            return f"{self.path}: mode {rights[1:10]}, expected {_rights(self.mode)}"
        found_owner = f"{owner}:{group}"
        return None if found_owner == self.owner else f"{self.path}: owner {found_owner}, expected {self.owner}"


def _rights(mode: str) -> str:
    """The nine letters `ls` prints for an octal mode: "640" -> "rw-r-----"."""
    bits = ("rwx"[i] if int(digit) & (4 >> i) else "-" for digit in mode[-3:] for i in range(3))
    return "".join(bits)


@dataclass(frozen=True)
class Directory(Resource):
    """A directory with this mode and owner, whatever it contains."""

    path: str
    mode: str = "755"
    owner: str = "root:root"

    kind = "directory"
    restorable = True
    prelude = """\
u_dirs=
u_all_dirs() { u_dirs="$u_nl$(stat -Lc '%n %a %U:%G' -- "$@")$u_nl"; }
u_dir() {
  if [ -d "$1" ]; then
    if u_line "$u_dirs" "$1 "; then echo "$u_found"; else stat -Lc '%a %U:%G' -- "$1"; fi
  elif [ -e "$1" ]; then echo other; else echo absent; fi
}"""

    @classmethod
    def gather(cls, resources: Sequence[Self]) -> str:
        return f"u_all_dirs {' '.join(quote(d.path) for d in resources)}"

    @property
    def name(self) -> str:
        return self.path

    def observe(self) -> str:
        return f"u_dir {quote(self.path)}"

    def difference(self, observed: str) -> str | None:
        declared = f"{self.mode} {self.owner}"
        return None if observed == declared else f"{observed or 'unreadable'} -> {declared}"

    def apply(self) -> str:
        path = quote(self.path)
        return f"mkdir -p {path}; chown {self.owner} {path}; chmod {self.mode} {path}"

    def remove(self) -> str:
        return f"rmdir --ignore-fail-on-non-empty {quote(self.path)} 2>/dev/null || true"

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        mode, _, owner = prior.partition(" ")
        if not owner:
            return cls(name).remove()
        return f"[ ! -d {quote(name)} ] || {{ chown {quote(owner)} {quote(name)}; chmod {quote(mode)} {quote(name)}; }}"

    def check(self, host: Host) -> str | None:
        found = host.run("ls -ld %s/.", self.path)
        if found.rc:
            return f"directory {self.path}: missing"
        rights = found.stdout.split()[0][1:10]
        expected = _rights(self.mode)
        return None if rights == expected else f"directory {self.path}: mode {rights}, expected {expected}"
