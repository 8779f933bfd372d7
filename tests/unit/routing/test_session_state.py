"""A speaker's words, as FRR 10.3 printed them on a lab's hosts, read into a view."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.clusters import cluster, with_bgp
from tests.unit.local_host import Shell
from underlay.model.bgp_view import NeighbourState, View
from underlay.model.routes import Routes
from underlay.routing.session_state import question, read_view

RACKS = cluster(bgp=with_bgp(), routes=Routes.BGP)
COUNTERS = {"kernel": {"TcpExtTCPMD5NotFound": 2, "TcpExtTCPMD5Unexpected": 0, "TcpExtTCPMD5Failure": 1}}
CAME_UP = {"lately": {"192.0.2.101": 1}}
NEIGHBOUR: dict[str, Any] = {
    "remoteAs": 64601,
    "localAs": 64513,
    "nbrDesc": "tor-1",
    "bgpState": "Established",
    "bgpTimerUpMsec": 63000,
    "addressFamilyInfo": {
        "ipv4Unicast": {"acceptedPrefixCounter": 2, "sentPrefixCounter": 1, "prefixAllowedMax": 1000}
    },
    "connectionsEstablished": 1,
    "connectionsDropped": 0,
    "lastReset": "never",
    "externalBgpNbrMaxHopsAway": 1,
    "peerBfdInfo": {"type": "single hop", "status": "Up"},
}
TABLE = {
    "routerId": "192.0.2.2",
    "routes": {
        "10.244.0.0/24": [{"valid": True, "peerId": "192.0.2.101", "path": "64601 64513"}],
        "10.244.1.0/24": [{"valid": True, "peerId": "(unspec)", "weight": 32768, "path": ""}],
    },
}
RECEIVED = {"receivedRoutes": {"10.244.0.0/24": {}, "0.0.0.0/0": {}}}


def read(*documents: dict[str, Any]) -> View:
    return read_view(RACKS, "w-1", "\n".join(json.dumps(d, indent=1) for d in documents))


def test_everything_is_read() -> None:
    view = read(COUNTERS, {"secured": ["192.0.2.101"]}, CAME_UP, {"192.0.2.101": NEIGHBOUR}, TABLE, RECEIVED)
    assert (view.router_id, view.unsigned, view.trouble) == ("192.0.2.2", 3, "")
    assert view.neighbours == {
        "192.0.2.101": NeighbourState(
            state="Established",
            remote_as=64601,
            local_as=64513,
            up=63.0,
            established=1,
            recently_established=1,
            ttl_security=True,
            bfd="Up",
            sent=1,
            limit=1000,
            received=frozenset({"10.244.0.0/24", "0.0.0.0/0"}),
            accepted=frozenset({"10.244.0.0/24"}),
        )
    }


def test_hops_alone_are_no_ttl_security() -> None:
    view = read(COUNTERS, {"secured": []}, CAME_UP, {"192.0.2.101": NEIGHBOUR}, TABLE, RECEIVED)
    assert not view.neighbours["192.0.2.101"].ttl_security


def test_a_speaker_that_does_not_run_is_reported() -> None:
    assert read_view(RACKS, "w-1", json.dumps(COUNTERS)).trouble == "FRR does not answer; is frr.service running?"
    assert read_view(RACKS, "w-1", "").trouble == "FRR does not answer; is frr.service running?"


def test_the_question_is_valid_in_both_shells(shell: Shell) -> None:
    ran = shell.run(f"set -n\n{question(RACKS, 'w-1')}\n")
    assert (ran.rc, ran.stderr) == (0, "")
