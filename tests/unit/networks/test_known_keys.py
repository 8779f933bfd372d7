"""A key that a chart or CRD does not know is an error with the nearest name, and so is a value of another type."""

from __future__ import annotations

from typing import Any

import pytest

from underlay.networks.known_keys import KnownKeys, of_chart, of_kinds

KEYS = KnownKeys(
    {
        "routingMode": "string",
        "encryption": "object",
        "encryption.enabled": "boolean",
        "encryption.type": "string ipsec|wireguard",
        "MTU": "integer",
        "labels": "object",
        "pools": "array",
        "pools[].cidr": "string",
        "port": "integer|string",
    }
)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"routingMode": "native", "encryption": {"enabled": True, "type": "ipsec"}, "labels": {"a": {"b": 1}}}, []),
        ({"port": 1, "MTU": 1480, "pools": [{"cidr": "10.0.0.0/8"}]}, []),
        ({"routeingMode": "native"}, ["values.routeingMode: is not known; did you mean routingMode?"]),
        ({"encryption": {"enable": True}}, ["values.encryption.enable: is not known; did you mean encryption.enabled?"]),
        ({"encryption": {"xyzzy": 1}}, ["values.encryption.xyzzy: is not known; known there are enabled, type"]),
        ({"pools": [{"cird": 1}]}, ["values.pools[].cird: is not known; did you mean pools[].cidr?"]),
        ({"MTU": "1480"}, ["values.MTU: is string, and integer is known; correct it"]),
        ({"MTU": True}, ["values.MTU: is boolean, and integer is known; correct it"]),
        ({"encryption": {"enabled": "yes"}},
         ["values.encryption.enabled: is string, and boolean is known; correct it"]),
        ({"encryption": {"type": "tls"}}, ["values.encryption.type: 'tls' is not known; one of ipsec, wireguard"]),
    ],
)  # fmt: skip
def test_each_is_told(values: dict[str, Any], told: list[str]) -> None:
    assert list(KEYS.problems(values, where="values")) == told


def test_the_kept_lists_are_read() -> None:
    chart = of_chart("cilium-1.20.0.tsv")
    assert list(chart.problems({"routingMode": "native", "tunnelingMode": "ipip"}, where="v")) == [
        "v.tunnelingMode: is not known; did you mean routingMode?"
    ]
    pool = of_kinds("calico-3.32.1-crds.tsv")["crd.projectcalico.org/v1", "IPPool"]
    assert list(pool.problems({"spec": {"cidr": "10.0.0.0/8", "ipipMode": "Sometimes"}}, where="v")) == [
        "v.spec.ipipMode: 'Sometimes' is not known; one of Never, Always, CrossSubnet"
    ]
