"""Combinations that nobody has tested: a deploy goes on, and says so."""

from __future__ import annotations

from .feature_gates import minor
from .spec import Spec


def untested(spec: Spec) -> list[str]:
    """A line where the network's vendor does not test its version with this release of Kubernetes."""
    traits, version = spec.network.traits, spec.cluster.kubernetes_version
    if traits.kubernetes is None or traits.kubernetes[0] <= minor(version) <= traits.kubernetes[1]:
        return []
    oldest, newest = (".".join(map(str, one)) for one in traits.kubernetes)
    return [
        f"kubernetes_version: {spec.network.mode} {traits.version} is tested by its vendor with Kubernetes {oldest} to "
        f"{newest} (it is {version}); nobody promises this combination"
    ]
