"""Routers not managed by Underlay are checked by BGP before anything is installed: real FRR, configured wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from underlay.lab import lifecycle
from underlay.lab.model.topology import Lab

from .deployed import Deployed
from .waiting import listening

pytestmark = [pytest.mark.lab]

LAB = {"name": "edge", "network": "10.98.0.0/16", "workers": 1, "racks": 1, "routers": 1}
TOR, NODES = "10.98.1.1", ("10.98.1.11", "10.98.1.21")


def _bgp(**peer: Any) -> dict[str, Any]:
    router = {"name": "tor", "address": TOR, "as_number": 64601, "rack": "rack-1"} | peer
    return {"as_numbers": {"rack-1": 64513}, "peers": [router], "password": "hush", "ttl_security": True}


CLUSTER = {
    "network": {"mode": "routed"},
    "bgp": _bgp(),
    "foreign_routers": True,
}
FRR = f"""\
cat >/etc/frr/frr.conf <<'END'
router bgp %(own)s
 no bgp ebgp-requires-policy
{
    "".join(
        f'''
 neighbor {address} remote-as %(theirs)s
 neighbor {address} password %(password)s
 neighbor {address} ttl-security hops 1
 neighbor {address} passive'''
        for address in NODES
    )
}
END
sed -i 's/^bgpd=no/bgpd=yes/' /etc/frr/daemons; systemctl reset-failed frr; systemctl restart frr; {
    listening("t", 179)
}"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[Deployed]:
    deployed = Deployed(lab=LAB, cluster=CLUSTER, carried=False)
    deployed.down()
    try:
        lifecycle.up(Lab(**LAB))  # type: ignore[arg-type]
        yield deployed
    finally:
        deployed.down()


def found(hosts: Deployed, **router: Any) -> dict[str, str]:
    """Code and measurement of each finding, with the router so configured."""
    hosts.ssh("tor-1", FRR % ({"own": 64601, "theirs": 64513, "password": "hush"} | router))
    run = hosts.underlay("preflight", "--json")
    assert run.code in (0, 1), run.text
    assert "hush" not in run.text
    return {f["code"]: f["measured"] for f in run.document["findings"] if not f["accepted"]}


def test_a_router_as_it_should_be_has_no_finding(hosts: Deployed) -> None:
    assert found(hosts) == {}


def test_a_router_with_another_as_is_reported_with_both(hosts: Deployed) -> None:
    assert found(hosts, own=64999) == {"router-as": f"{TOR} is in AS 64999, the inventory says 64601"}


def test_a_router_that_expects_another_as_is_reported(hosts: Deployed) -> None:
    [(code, measured)] = found(hosts, theirs=64700).items()
    assert code == "router-refuses"
    assert "notification 2/2" in measured


def test_a_wrong_password_is_silence(hosts: Deployed) -> None:
    assert found(hosts, password="other") == {"router-silent": f"{TOR} does not answer on TCP 179"}  # noqa: S106
