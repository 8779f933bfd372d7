"""A machine to build a bundle on: programs stand in for Go, mmdebstrap and gcc."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.build import build_bundle
from underlay.artifacts.build.steps import Steps
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import Manifest, load_manifest

GO = r"""#!/bin/sh
[ "$1" = env ] && { echo go1.26.8; exit 0; }
name=$(basename "$PWD"); echo "go $name" >>"$CALLS"
[ "$name" != "$BLOCK" ] || { echo blocked >>"$CALLS"; exec sleep 60; }
[ "$name" != "$BREAK" ] || { echo "main.go:1: it does not compile" >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
out=$2; shift 2
for package; do
  file=$(echo "$package" | sed 's,/v[0-9]*$,,; s,.*/,,'); [ "$file" = . ] && file=$name
  echo "$package" >"$out$file"; chmod 755 "$out$file"
done
"""
MMDEBSTRAP = r"""#!/bin/sh
echo mmdebstrap >>"$CALLS"
for word; do case $word in --extract-hook=*) hook=${word#--extract-hook=} ;; esac; done
while [ "$1" != trixie ]; do shift; done
tree=$2
mkdir -p "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/share/ca-certificates/mozilla" "$tree/usr/share/man/man1" \
  "$tree/usr/lib/x86_64-linux-gnu/gconv" "$tree/var/cache/apt/archives" "$tree/etc"
ln -s usr/bin "$tree/bin"
printf '#!/bin/sh\nprintf "cp\\nip\\n"\n' >"$tree/usr/bin/busybox"; chmod 755 "$tree/usr/bin/busybox"
echo real >"$tree/usr/bin/ip"; echo dash >"$tree/usr/bin/dash"; echo manual >"$tree/usr/share/man/man1/ip.1"
echo charset >"$tree/usr/lib/x86_64-linux-gnu/gconv/IBM.so"; echo this-machine >"$tree/etc/hostname"
echo certificate >"$tree/usr/share/ca-certificates/mozilla/a.crt"
: >"$tree/var/cache/apt/archives/iproute2_1%3a6.15-1_amd64.deb"
sh -c "$hook" exec "$tree"
"""
GCC = "#!/bin/sh\necho /usr/lib/libc.a\n"


@dataclass
class Machine:
    """A machine to build on."""

    root: Path

    @property
    def bundle(self) -> Path:
        return self.root / "home" / "bundle"

    @property
    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def build(
        self, *, optional: tuple[str, ...] = (), needed: Iterable[str] | None = None, kubernetes: str = ""
    ) -> bool:
        return build_bundle(
            bundle_directory(kubernetes),
            steps=Steps(quiet=True),
            arch="amd64",
            kubernetes=kubernetes,
            optional=optional,
            needed=needed,
        )

    def manifest(self) -> Manifest:
        return load_manifest(self.bundle)

    def blob(self, name: str) -> Path:
        return BlobStore(self.bundle).path(self.manifest().binaries[name].sha256)

    def layer_files(self, image: str, layer: int) -> dict[str, tarfile.TarInfo]:
        blob = self.manifest().images[image].blobs[layer]
        with tarfile.open(BlobStore(self.bundle).path(blob.sha256)) as tar:
            return {member.name: member for member in tar}


def on_machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Give this process a machine's programs and places."""
    programs = root / "bin"
    programs.mkdir()
    for name, text in {"go": GO, "mmdebstrap": MMDEBSTRAP, "gcc": GCC}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("UNDERLAY_HOME", str(root / "home"))
    monkeypatch.setenv("CALLS", str(root / "calls"))
    return Machine(root)
