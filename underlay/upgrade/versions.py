"""Which version may follow which: https://kubernetes.io/releases/version-skew-policy/, and kubeadm's own rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# An API server serves kubelets that are up to three minors older, and none that is newer.
KUBELETS_BEHIND = 3

Version = tuple[int, int, int]


def version(text: str) -> Version:
    """Of `v1.37.2`; what follows a hyphen does not count.

    :raises ValueError: for anything else.
    """
    major, minor, patch = text.removeprefix("v").partition("-")[0].split(".")
    return int(major), int(minor), int(patch)


def version_problems(was: str, to: str, kubelets: Mapping[str, str]) -> Iterator[str]:
    """Why a cluster cannot be upgraded from one version to another, as lines.

    :param kubelets: node -> version of its kubelet.
    """
    old, new = version(was), version(to)
    if new < old:
        yield (
            f"kubernetes_version: the cluster has {was}, the inventory {to} (Kubernetes does not go back; its objects "
            "may be stored in forms that the older one cannot read); restore the old value, or restore a backup"
        )
    elif new[:2] > (old[0], old[1] + 1):
        yield (
            f"kubernetes_version: the cluster has {was}, the inventory {to} (control planes go one minor at a time); "
            f"first take a v{old[0]}.{old[1] + 1} release"
        )
    for node, its in sorted(kubelets.items()):
        if version(its) > new:
            yield f"{node}: its kubelet is {its}, newer than {to}; no API server serves a newer kubelet"
        elif version(its)[:2] < (new[0], new[1] - KUBELETS_BEHIND):
            yield (
                f"{node}: its kubelet is {its}; {to} serves none that is more than {KUBELETS_BEHIND} minors older; "
                f"deploy the inventory with {was} first"
            )
