"""What a BGP speaker says in part, late or between other text is trouble, never a host without sessions or a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.clusters import cluster, network, with_bgp
from underlay.model.bgp_view import View
from underlay.model.routes import Routes
from underlay.routing.speakers import read_view

from .test_session_state import CAME_UP, COUNTERS, NEIGHBOUR, RECEIVED, TABLE

FRR = [COUNTERS, {"secured": []}, CAME_UP, {"192.0.2.101": NEIGHBOUR}, TABLE, RECEIVED]
BIRD = Path(__file__).parents[1].joinpath("networks/calico/bird-1.6.8.txt").read_text()
# The agent's REST API, GET /v1/bgp/peers of Cilium 1.20.
PEER = {"peer-address": "192.0.2.101", "peer-asn": 64601, "local-asn": 64513, "session-state": "established",
        "uptime-nanoseconds": 5, "families": [{"afi": "ipv4", "safi": "unicast", "advertised": 1}]}  # fmt: skip
SPEAKERS = {
    "frr": (
        cluster(bgp=with_bgp(), routes=Routes.BGP),
        "flannel-vxlan",
        "\n".join(json.dumps(d, indent=1) for d in FRR),
    ),
    "bird": (cluster(bgp=with_bgp()), "calico-bgp", f"{json.dumps(COUNTERS)}\n{BIRD}"),
    "cilium": (cluster(bgp=with_bgp()), "cilium-bgp", f"{json.dumps(COUNTERS)}\n{json.dumps({'peers': [PEER]})}"),
}


def view(speaker: str, output: str) -> View:
    on, mode, _ = SPEAKERS[speaker]
    return read_view(on, network(mode), "w-1", output)


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_whole_answer_has_its_sessions(speaker: str) -> None:
    found = view(speaker, SPEAKERS[speaker][2])
    assert found.trouble == ""
    assert found.neighbours["192.0.2.101"].is_up


@pytest.mark.parametrize("lost", range(len(FRR) - 1))
def test_a_part_of_frrs_answer_that_is_lost_shifts_no_other_into_its_place(lost: int) -> None:
    documents = [d for number, d in enumerate(FRR) if number != lost]
    found = view("frr", "\n".join(map(json.dumps, documents)))
    assert found.trouble or (found.neighbours and lost == 0)


FOREIGN = st.text(max_size=20) | st.sampled_from(
    ["{", "}", "[1]", '{"a": 1}', "null", "Welcome to tor-1!", '"', "\x00"]
)


@given(speaker=st.sampled_from(sorted(SPEAKERS)), at=st.integers(0, 10**6), text=FOREIGN, how=st.sampled_from("cirs"))
def test_a_spoiled_answer_is_no_traceback(speaker: str, at: int, text: str, how: str) -> None:
    whole = SPEAKERS[speaker][2]
    at %= len(whole)
    spoiled = {
        "c": whole[:at],
        "i": whole[:at] + text + whole[at:],
        "r": whole.replace(whole[at], text),
        "s": whole[at:],
    }
    assert isinstance(view(speaker, spoiled[how]), View)


@pytest.mark.parametrize(
    "odd", [None, 5, "x", [1], {"192.0.2.101": {"remoteAs": "many"}}, {"192.0.2.101": {"peerBfdInfo": 1}}]
)
def test_values_of_other_types_are_trouble(odd: Any) -> None:
    documents = [*FRR[:3], odd, *FRR[4:]]
    assert view("frr", "\n".join(map(json.dumps, documents))).trouble
