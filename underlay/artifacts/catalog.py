"""Lists the binaries and images of a cluster, under upstream's names."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from .error import ArtifactError
from .lock import read_lock

# What kubeadm of a minor release deploys beside Kubernetes, the same in all its patch releases so far (its constants.go
# in v1.35.0 to v1.35.8, v1.36.0 to v1.36.4); the minor that lock.json pins has the versions that it pins.
COMPANIONS = {
    "1.35": {"etcd": "3.6.6", "coredns": "1.13.1", "pause": "3.10.1"},
    "1.36": {"etcd": "3.6.8", "coredns": "1.14.2", "pause": "3.10.2"},
}
OPTIONAL = ("metallb", "kube-router")
"""Components that no cluster requires; `underlay bundle --with` adds them to a bundle."""


@dataclass(frozen=True, kw_only=True)
class BinaryEntry:
    """One command: `component` is the project that releases it, hence its version."""

    name: str
    component: str
    bundled: bool = True


@dataclass(frozen=True, kw_only=True)
class ImageEntry:
    """One container image: `tag` is written with {version}, the component's version."""

    name: str
    component: str
    repository: str
    tag: str = "v{version}"

    def ref(self, version: str) -> str:
        """Return the full name, as in a pod spec."""
        return f"{self.repository}:{self.tag.format(version=version)}"


def _binaries() -> dict[str, BinaryEntry]:
    of = {
        "kubernetes": ("kubeadm", "kubelet", "kubectl"),
        "containerd": ("containerd", "containerd-shim-runc-v2", "ctr"),
        "cni-plugins": (
            "bridge",
            "host-local",
            "loopback",
            "portmap",
            "bandwidth",
            "firewall",
            "ptp",
            "static",
            "tuning",
        ),
        "flannel-cni": ("flannel",),
        "helm": ("helm",),
    }
    found = {n: BinaryEntry(name=n, component=c) for c, names in of.items() for n in names}
    # The bundle relies on Debian's package; other systems download upstream's release.
    return found | {"runc": BinaryEntry(name="runc", component="runc", bundled=False)}


def _images() -> dict[str, ImageEntry]:
    k8s = "registry.k8s.io"
    control_plane = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
    entries = [ImageEntry(name=n, component="kubernetes", repository=f"{k8s}/{n}") for n in control_plane]
    entries += [
        ImageEntry(name="etcd", component="etcd", repository=f"{k8s}/etcd", tag="{version}-0"),
        ImageEntry(name="coredns", component="coredns", repository=f"{k8s}/coredns/coredns"),
        ImageEntry(name="pause", component="pause", repository=f"{k8s}/pause", tag="{version}"),
        ImageEntry(name="flannel", component="flannel", repository="ghcr.io/flannel-io/flannel"),
        ImageEntry(
            name="flannel-cni-plugin",
            component="flannel-cni",
            repository="ghcr.io/flannel-io/flannel-cni-plugin",
        ),
        ImageEntry(
            name="agnhost",
            component="agnhost",
            repository=f"{k8s}/e2e-test-images/agnhost",
            tag="{version}",
        ),
        *(
            ImageEntry(name=f"metallb-{part}", component="metallb", repository=f"quay.io/metallb/{part}")
            for part in ("controller", "speaker")
        ),
        ImageEntry(name="kube-router", component="kube-router", repository="docker.io/cloudnativelabs/kube-router"),
    ]
    return {e.name: e for e in entries}


BINARIES = _binaries()
IMAGES = _images()


def binary_entry(name: str) -> BinaryEntry:
    """Return the catalog's entry for a binary.

    :raises ArtifactError: when there is none; it suggests the nearest name.
    """
    if name not in BINARIES:
        raise ArtifactError(f"binary {name}", "not in the catalog", remedy=_choices(name, list(BINARIES)))
    return BINARIES[name]


def image_entry(name: str) -> ImageEntry:
    """Return the catalog's entry for an image, by its short name.

    :raises ArtifactError: when there is none; it suggests the nearest name.
    """
    if name not in IMAGES:
        raise ArtifactError(f"image {name}", "not in the catalog", remedy=_choices(name, list(IMAGES)))
    return IMAGES[name]


def image_and_version(name: str) -> tuple[str, str]:
    """Return the short name of an image, and the version that is requested of it: `kube-router@2.11.1`.

    The version is "" for the one that goes with the cluster.
    """
    short, _, version = name.partition("@")
    return short, version


def pinned_version(component: str) -> str:
    """Return the version of a component that lock.json pins, without a leading v."""
    return read_lock().versions[component]


def version_beside(component: str, kubernetes: str) -> str:
    """Return the version of a component that belongs to a release of Kubernetes, all without a leading v."""
    if component == "kubernetes":
        return kubernetes
    minor = kubernetes.rpartition(".")[0]
    return COMPANIONS.get(minor, {}).get(component) or pinned_version(component)


def _choices(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else "one of " + ", ".join(sorted(names))
