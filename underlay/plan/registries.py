"""Where containerd pulls images from in the place of their own registries: for the deploy, and for the kubelet."""

from __future__ import annotations

from collections.abc import Iterator

import tomli_w

from underlay.model.cluster import Cluster
from underlay.model.registry import Registry
from underlay.resources.file import File
from underlay.resources.strays import MARK, Strays

DIRECTORY, FILE = "/etc/containerd/certs.d", "hosts.toml"


def host_files(cluster: Cluster) -> Iterator[File]:
    """A hosts.toml for each registry of the inventory; containerd reads it at every pull."""
    for registry in cluster.registries:
        private = registry.authorization is not None
        yield File(
            f"{DIRECTORY}/{registry.host}/{FILE}",
            hosts_toml(registry),
            mode="600" if private else "644",
            secret=private,
        )


def strays(cluster: Cluster) -> Strays:
    """Those of registries that were taken out of the inventory; a site's own stay."""
    return Strays(DIRECTORY, FILE, tuple(file.path for file in host_files(cluster)))


def hosts_toml(registry: Registry) -> str:
    """The one server of a registry's images; as `server` it keeps the image's own registry from being tried after it.

    Source: https://github.com/containerd/containerd/blob/main/docs/hosts.md
    """
    host: dict[str, object] = {"override_path": True, "capabilities": ["pull", "resolve"]}
    if registry.authorization:
        host["header"] = {"authorization": registry.authorization}
    document = {"server": registry.base, "host": {registry.base: host}}
    return f"{MARK}; changes are overwritten.\n" + tomli_w.dumps(document)
