"""A key that a chart or CRD does not know is a problem with the nearest name, and so is a value of a wrong type."""

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
    ("values", "problems"),
    [
        ({"routingMode": "native", "encryption": {"enabled": True, "type": "ipsec"}, "labels": {"a": {"b": 1}}}, []),
        ({"port": 1, "MTU": 1480, "pools": [{"cidr": "10.0.0.0/8"}]}, []),
        ({"routeingMode": "native"}, ["values.routeingMode: unknown key; did you mean routingMode?"]),
        ({"encryption": {"enable": True}}, ["values.encryption.enable: unknown key; did you mean encryption.enabled?"]),
        ({"encryption": {"xyzzy": 1}}, ["values.encryption.xyzzy: unknown key; known keys here: enabled, type"]),
        ({"pools": [{"cird": 1}]}, ["values.pools[].cird: unknown key; did you mean pools[].cidr?"]),
        ({"MTU": "1480"}, ["values.MTU: wrong type (it is string); use integer"]),
        ({"MTU": True}, ["values.MTU: wrong type (it is boolean); use integer"]),
        ({"encryption": {"enabled": "yes"}},
         ["values.encryption.enabled: wrong type (it is string); use boolean"]),
        ({"encryption": {"type": "tls"}}, ["values.encryption.type: unknown value (it is 'tls'); use one of ipsec, wireguard"]),
    ],
)  # fmt: skip
def test_each_problem_is_reported(values: dict[str, Any], problems: list[str]) -> None:
    assert list(KEYS.problems(values, where="values")) == problems


def test_the_included_lists_are_read() -> None:
    chart = of_chart("cilium-1.20.0.tsv")
    assert list(chart.problems({"routingMode": "native", "tunnelingMode": "ipip"}, where="v")) == [
        "v.tunnelingMode: unknown key; did you mean routingMode?"
    ]
    pool = of_kinds("calico-3.32.1-crds.tsv")["crd.projectcalico.org/v1", "IPPool"]
    assert list(pool.problems({"spec": {"cidr": "10.0.0.0/8", "ipipMode": "Sometimes"}}, where="v")) == [
        "v.spec.ipipMode: unknown value (it is 'Sometimes'); use one of Never, Always, CrossSubnet"
    ]
