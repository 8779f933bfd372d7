"""Container images that the runtime has imported, so that no pod pulls from a registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote

from .binary import BLOBS
from .resource import Host, Resource, Upload


@dataclass(frozen=True)
class Images(Resource):
    """`references` as Kubernetes names them; `install` is shell that imports them into containerd's namespace k8s.io.

    `blobs` are the controller's copies of all blobs of the images, where it pushes.
    """

    references: tuple[str, ...]
    install: str = field(repr=False)
    blobs: tuple[Upload, ...] = ()

    kind = "images"
    prelude = f"""\
u_images() {{
  # A runtime that is not there yet, or is stopped, has no images: the deploy starts it first, and asks again.
  have=
  if command -v ctr >/dev/null && ! have=$(timeout 10 ctr -n k8s.io images ls -q) && systemctl is-active -q containerd
  then u_ask 10 ctr -n k8s.io images ls -q >/dev/null; return 1; fi
  have=" $(printf '%s' "$have" | tr '\\n' ' ') "; m=; n=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do case "$have" in *" $1 "*) ;; *) m="$m $1";; esac; shift; done
  [ -z "$m" ] || for b do [ "$b" = -- ] || [ -e "{BLOBS}/$b" ] || n="$n $b"; done
  echo "missing:$m; uncached:$n"
}}"""

    @property
    def name(self) -> str:
        return " ".join(self.references)

    @property
    def title(self) -> str:
        return self.kind

    def observe(self) -> str:
        references = " ".join(quote(r) for r in self.references)
        return f"u_images {references} -- {' '.join(b.sha256 for b in self.blobs)}"

    def difference(self, observed: str) -> str | None:
        if not observed.startswith("missing:"):
            return "unknown -> present"
        missing = observed.removeprefix("missing:").split(";")[0].split()
        return f"import {' '.join(missing)}" if missing else None

    def apply(self) -> str:
        return self.install

    def uploads(self, observed: str) -> Sequence[Upload]:
        uncached = set(observed.partition("uncached:")[2].split())
        return [b for b in self.blobs if b.sha256 in uncached or "uncached:" not in observed]

    def check(self, host: Host) -> str | None:
        found = host.run("ctr -n k8s.io images check -q")
        missing = sorted(set(self.references) - set(found.stdout.split()))
        return f"containerd: missing or incomplete images {', '.join(missing)}" if missing else None
