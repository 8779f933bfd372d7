"""Container images that the runtime has imported, so that no pod pulls from a registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote

from .binary import BLOBS
from .resource import Host, Resource, Upload

# An image that is incomplete may be its exit status, too; without a word it has not asked.
_CHECK = "timeout 30 ctr -n k8s.io images check -q"


@dataclass(frozen=True)
class Images(Resource):
    """`references` as Kubernetes names them; `install` is shell that imports them into containerd's namespace k8s.io.

    `blobs` are the controller's copies of all blobs of the images, where it pushes. `digests` has, for images that are
    pulled by digest, reference -> digest: each has that name, too. `urls` are the images' manifests, where hosts pull:
    reference -> URL.
    """

    references: tuple[str, ...]
    install: str = field(repr=False)
    blobs: tuple[Upload, ...] = ()
    digests: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    urls: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    kind = "images"
    prelude = f"""\
u_images() {{
  # A runtime that is not there yet, or is stopped, has no images: the deploy starts it first, and asks again.
  have=
  if command -v ctr >/dev/null && ! have=$(timeout 10 ctr -n k8s.io images ls -q) && systemctl is-active -q containerd
  then u_ask 10 ctr -n k8s.io images ls -q >/dev/null; return 1; fi
  have=" $(printf '%s' "$have" | tr '\\n' ' ') "; m=; n=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case "$have" in *" ${{1%%=*}} "*) ;; *) m="$m ${{1%%=*}}"; shift; continue;; esac
    case "$have" in *" ${{1#*=}} "*) ;; *) m="$m ${{1%%=*}}";; esac; shift
  done
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
        pulled = dict(self.digests)
        words = (f"{r}={_named(r, pulled[r])}" if r in pulled else r for r in self.references)
        references = " ".join(map(quote, words))
        return f"u_images {references} -- {' '.join(b.sha256 for b in self.blobs)}"

    def difference(self, observed: str) -> str | None:
        if not observed.startswith("missing:"):
            return "unknown -> present"
        missing = self._missing(observed)
        return f"{'pull' if self.urls else 'import'} {' '.join(missing)}" if missing else None

    def _missing(self, observed: str) -> list[str]:
        return observed.removeprefix("missing:").split(";")[0].split()

    def pulls(self, observed: str) -> Sequence[str]:
        """The references of images that `apply` pulls, given the observed line."""
        missing = self._missing(observed) if observed.startswith("missing:") else self.references
        return [reference for reference, _ in self.urls if reference in missing]

    def downloads(self, observed: str) -> Sequence[str]:
        return [dict(self.urls)[reference] for reference in self.pulls(observed)]

    def apply(self) -> str:
        return self.install

    def uploads(self, observed: str) -> Sequence[Upload]:
        uncached = set(observed.partition("uncached:")[2].split())
        return [b for b in self.blobs if b.sha256 in uncached or "uncached:" not in observed]

    def check(self, host: Host) -> str | None:
        found = host.run(_CHECK)
        if found.rc and not found.stdout.strip():
            return f"containerd: could not be asked ({found.stderr.strip() or f'exit status {found.rc}'})"
        needed = {*self.references, *(_named(*pulled) for pulled in self.digests)}
        missing = sorted(needed - set(found.stdout.split()))
        return f"containerd: missing or incomplete images {', '.join(missing)}" if missing else None


def _named(reference: str, digest: str) -> str:
    """The name that an image has when it was pulled by its digest."""
    return f"{reference.rpartition(':')[0]}@{digest}"
