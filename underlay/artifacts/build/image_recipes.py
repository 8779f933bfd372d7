"""The recipe of each image, as data: whether it includes the base layer, its commands, and how it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from underlay.artifacts.catalog import BINARIES

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, kw_only=True)
class ImageRecipe:
    """How an image is built.

    `files` is path in the image -> build module/command, `links` path -> target; both make the image's own layer.
    """

    files: dict[str, str]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    on_base: bool = False
    links: dict[str, str] = field(default_factory=dict)
    env: tuple[str, ...] = (_PATH,)

    @property
    def recipes(self) -> frozenset[str]:
        """The build modules whose commands it contains."""
        return frozenset(command.split("/")[0] for command in self.files.values())


def _component(name: str, *, on_base: bool = False) -> ImageRecipe:
    # No entry point: kubeadm's manifests name the command.
    return ImageRecipe(files={f"usr/local/bin/{name}": f"kubernetes/{name}"}, on_base=on_base)


IMAGE_RECIPES: dict[str, ImageRecipe] = {
    "kube-apiserver": _component("kube-apiserver"),
    "kube-controller-manager": _component("kube-controller-manager"),
    "kube-scheduler": _component("kube-scheduler"),
    "kube-proxy": _component("kube-proxy", on_base=True),
    "etcd": ImageRecipe(files={f"usr/local/bin/{name}": f"etcd/{name}" for name in ("etcd", "etcdutl")}),
    "coredns": ImageRecipe(files={"coredns": "coredns/coredns"}, entrypoint=("/coredns",)),
    # A sandbox runs the image as it is: without an entry point it fails with `exec: "/bin/sh"`.
    "pause": ImageRecipe(files={"pause": "pause/pause"}, entrypoint=("/pause",)),
    "flannel": ImageRecipe(
        files={"opt/bin/flanneld": "flannel/flanneld"}, entrypoint=("/opt/bin/flanneld",), on_base=True
    ),
    # Upstream's DaemonSet runs `cp -f /flannel /opt/cni/bin/flannel` in it, so it needs cp.
    "flannel-cni-plugin": ImageRecipe(files={"flannel": "flannel-cni/flannel"}, on_base=True),
    "agnhost": ImageRecipe(
        files={"agnhost": "kubernetes/agnhost"},
        links={"agnhost-2": "agnhost"},
        entrypoint=("/agnhost",),
        command=("pause",),
        on_base=True,
    ),
    "metallb-controller": ImageRecipe(files={"controller": "metallb/controller"}, entrypoint=("/controller",)),
    "metallb-speaker": ImageRecipe(files={"speaker": "metallb/speaker"}, entrypoint=("/speaker",)),
    # It runs ipset and iptables of its image.
    "kube-router": ImageRecipe(
        files={"usr/local/bin/kube-router": "kube-router/kube-router"},
        entrypoint=("/usr/local/bin/kube-router",),
        on_base=True,
    ),
}


def recipes_of(*, binaries: Iterable[str], images: Iterable[str]) -> frozenset[str]:
    """Return the build modules that make these binaries and images; names that are not in the catalog are ignored."""
    commands = (BINARIES[name] for name in binaries if name in BINARIES)
    made = frozenset(command.component for command in commands if command.bundled)
    return made.union(*(IMAGE_RECIPES[name].recipes for name in images if name in IMAGE_RECIPES))
