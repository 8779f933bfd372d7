"""Where upstream publishes its downloads: the file that has a command, and the file that has its checksum."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from underlay.machines import ARCHITECTURES

from .catalog import binary_entry
from .error import ArtifactError

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_GITHUB = "github.com"


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that upstream publishes.

    `path` is host/path without https://, `member` the command's name in an archive, `checksums` the path of upstream's
    checksum file.
    """

    path: str
    checksums: str
    member: str | None = None

    @property
    def filename(self) -> str:
        """The last element of the path, as checksum files name it."""
        return self.path.rpartition("/")[2]

    @property
    def file(self) -> Download:
        """What is downloaded, whichever of its members is needed."""
        return replace(self, member=None)


def download_of(name: str, version: str, arch: str) -> Download:
    """Return where upstream publishes a command of the catalog.

    :raises ArtifactError: when the name or the architecture is unknown.
    """
    component = binary_entry(name).component
    if arch not in ARCHITECTURES:
        raise ArtifactError(
            f"binary {name}", "unknown architecture", found=arch, remedy="one of " + ", ".join(ARCHITECTURES)
        )
    v, tag = version.removeprefix("v"), "v" + version.removeprefix("v")
    match component:
        case "kubernetes":
            path = f"dl.k8s.io/release/{tag}/bin/linux/{arch}/{name}"
            return Download(path=path, checksums=f"{path}.sha256")
        case "containerd":
            path = f"{_GITHUB}/containerd/containerd/releases/download/{tag}/containerd-{v}-linux-{arch}.tar.gz"
            return Download(path=path, checksums=f"{path}.sha256sum", member=f"bin/{name}")
        case "cni-plugins":
            base = f"{_GITHUB}/containernetworking/plugins/releases/download/{tag}"
            path = f"{base}/cni-plugins-linux-{arch}-{tag}.tgz"
            return Download(path=path, checksums=f"{path}.sha256", member=f"./{name}")
        case "flannel-cni":
            base = f"{_GITHUB}/flannel-io/cni-plugin/releases/download/{tag}"
            # Its scripts/version.sh names files by the first six characters of the tag.
            path = f"{base}/cni-plugin-flannel-linux-{arch}-{tag[:6]}.tgz"
            return Download(path=path, checksums=f"{path}.sha256", member=f"flannel-{arch}")
        case "helm":
            path = f"get.helm.sh/helm-{tag}-linux-{arch}.tar.gz"
            return Download(path=path, checksums=f"{path}.sha256sum", member=f"linux-{arch}/helm")
        case "runc":
            base = f"{_GITHUB}/opencontainers/runc/releases/download/{tag}"
            return Download(path=f"{base}/runc.{arch}", checksums=f"{base}/runc.sha256sum")
    raise ArtifactError(f"binary {name}", "no download location is known", found=f"component {component}")


def chart_key(name: str, version: str, repository: str) -> str:
    """Return the key of a chart in lock.json: repository/name@version.

    OCI repositories are often written with the chart's name at the end; it is removed.
    """
    base = repository.rstrip("/").removesuffix(f"/{name}")
    if not base.startswith(("https://", "oci://")):
        raise ArtifactError(
            f"chart {name} {version}",
            "not a chart repository",
            found=repository,
            remedy="use a URL that begins with https:// or oci://",
        )
    return f"{base}/{name}@{version}"


def checksum_in(text: str, filename: str) -> str | None:
    """Return the sha256 of `filename` from a checksum file: a bare digest, or lines of `digest  name`."""
    lines = [line.split() for line in text.lower().splitlines() if line.strip()]
    for words in lines:
        if len(words) >= 2 and words[-1].lstrip("*").rpartition("/")[2] == filename.lower():
            return words[0] if _SHA256.match(words[0]) else None
    if len(lines) == 1 and len(lines[0]) == 1 and _SHA256.match(lines[0][0]):
        return lines[0][0]
    return None
