"""Which keys Calico's kinds know, and which of `values` they do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from underlay.networks.known_keys import KnownKeys, of_kinds

from .objects import CALICO, OPERATOR

# Kinds whose specs `values` may change; the mode determines the others.
SITES = {"Installation": OPERATOR, "FelixConfiguration": CALICO, "BGPConfiguration": CALICO}
_FILES = {OPERATOR: "calico-3.32.1-installation.tsv", CALICO: "calico-3.32.1-crds.tsv"}
# Keys of 3.33 that are not listed (from its FelixConfiguration reference and cluster-route design).
_ROUTES_OWNERS = "string Enabled|Disabled|EnabledIPIPOnly|EnabledNoEncapOnly"
_SINCE_333 = {
    "Installation": {"spec.calicoNetwork.clusterRoutingMode": "string BIRD|Felix|FelixIPIPOnly"},
    "FelixConfiguration": {"spec.programClusterRoutes": _ROUTES_OWNERS},
    "BGPConfiguration": {"spec.programClusterRoutes": _ROUTES_OWNERS},
}


@cache
def known(api_version: str, kind: str, line: str) -> KnownKeys:
    """The keys below an object of that kind.

    :raises KeyError: for a kind that is not listed.
    """
    listed = of_kinds(_FILES[api_version])[api_version, kind]
    return KnownKeys({**listed.paths, **(_SINCE_333.get(kind, {}) if line == "3.33" else {})})


def unknown_values(values: Mapping[str, Mapping[str, Any]], line: str) -> Iterator[str]:
    """A problem for each unknown kind and key.

    :param line: the line of Calico, e.g. "3.32".
    """
    for kind, spec in values.items():
        where = f"network.values.{kind}"
        if kind not in SITES:
            yield f"{where}: not a kind that values may change; use {', '.join(SITES)}"
            continue
        for problem in known(SITES[kind], kind, line).problems({"spec": spec}, where=where):
            yield problem.replace(f"{where}.spec.", f"{where}.").replace("did you mean spec.", "did you mean ")
