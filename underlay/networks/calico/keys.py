"""Which keys Calico's kinds know, and what of a site's `values` they do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from underlay.networks.known_keys import KnownKeys, of_kinds

from .objects import CALICO, OPERATOR

# Kinds whose spec a site may change; the rest is what the mode is made of.
SITES = {"Installation": OPERATOR, "FelixConfiguration": CALICO, "BGPConfiguration": CALICO}
_FILES = {OPERATOR: "calico-3.32.1-installation.tsv", CALICO: "calico-3.32.1-crds.tsv"}
# What 3.33 has beside what is listed (its FelixConfiguration reference and cluster-route design).
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
    """A line for each kind and key that is not known."""
    for kind, spec in values.items():
        where = f"network.values.{kind}"
        if kind not in SITES:
            yield f"{where}: is no kind to be changed here; {', '.join(SITES)} are"
            continue
        for problem in known(SITES[kind], kind, line).problems({"spec": spec}, where=where):
            yield problem.replace(f"{where}.spec.", f"{where}.").replace("did you mean spec.", "did you mean ")
