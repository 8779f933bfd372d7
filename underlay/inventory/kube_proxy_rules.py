"""What kube-proxy does not start with, or does wrongly, although each field is of its type.

Kubernetes v1.37.2: pkg/proxy/apis/config/validation, pkg/proxy/apis/config/v1alpha1/defaults.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from underlay.model.cluster import Cluster

from .go_values import duration_s

Fields = Mapping[str, Any]
_LISTENERS = ("healthzBindAddress", "metricsBindAddress")
_LISTENER = re.compile(r"(\[(?P<six>[^\[\]]+)\]|(?P<four>[^:]+)|(?P<bare>[0-9a-fA-F:.]+))(:(?P<port>[0-9]+))?")
_SYNC_S, _MIN_SYNC_S = 30.0, 1.0
_DETECTED_BY = {"BridgeInterface": "bridgeInterface", "InterfaceNamePrefix": "interfaceNamePrefix"}


def kube_proxy_rules(cluster: Cluster, fields: Fields) -> Iterator[str]:
    """A problem for each contradiction, as `field: what is wrong; remedy`; values of a wrong type are left out."""
    yield from _negative("kube_proxy", fields)
    yield from _syncs(fields)
    for name in _LISTENERS:
        value = fields.get(name)
        if isinstance(value, str) and value and not _is_listener(value):
            yield f"kube_proxy.{name}: no address with a port (it is {value!r}); use one such as 0.0.0.0:10256"
    mode, detect = fields.get("detectLocalMode"), fields.get("detectLocal")
    needed = _DETECTED_BY.get(mode) if isinstance(mode, str) else None
    if needed and not (isinstance(detect, Mapping) and detect.get(needed)):
        yield f"kube_proxy.detectLocalMode: {mode} needs the name of the link; set detectLocal.{needed}"
    pods = ",".join(map(str, cluster.pod_subnets))
    stated = fields.get("clusterCIDR")
    if isinstance(stated, str) and stated and stated != pods:
        yield f"kube_proxy.clusterCIDR: is not the pods' ({pods}) (it is {stated!r}); remove it, or change pod_subnet"
    if fields.get("hostnameOverride"):
        yield "kube_proxy.hostnameOverride: all nodes would have this one name; remove it"


def _negative(where: str, fields: Fields) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _negative(f"{where}.{name}", value)
        elif (seconds := duration_s(value)) is not None and seconds < 0:
            yield f"{where}.{name}: is negative (it is {value!r}); use 0s or more"


def _syncs(fields: Fields) -> Iterator[str]:
    for table in ("iptables", "ipvs", "nftables"):
        own = fields.get(table)
        if not isinstance(own, Mapping):
            continue
        period, least = duration_s(own.get("syncPeriod", "0s")), duration_s(own.get("minSyncPeriod", "0s"))
        # Zero is the default.
        period, least = period or _SYNC_S, least or (_MIN_SYNC_S if table != "ipvs" else 0)
        if 0 < period < least:
            yield (
                f"kube_proxy.{table}.syncPeriod: is below minSyncPeriod ({period:g}s of {least:g}s); raise it, or "
                "lower minSyncPeriod"
            )


def _is_listener(text: str) -> bool:
    """Whether it is an address with or without a port, as kube-proxy adds its own."""
    found = _LISTENER.fullmatch(text)
    if found is None:
        return False
    try:
        ip_address(found["six"] or found["four"] or found["bare"])
    except ValueError:
        return False
    return found["port"] is None or 0 < int(found["port"]) < 2**16
