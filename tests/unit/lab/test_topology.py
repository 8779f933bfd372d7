"""A lab as data: where hosts are, under which address, and what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.lab.model.errors import LabError
from underlay.lab.model.topology import Lab


def test_the_default_is_three_hosts_in_two_racks() -> None:
    assert [(node.name, node.rack_name, str(node.address)) for node in Lab().nodes] == [
        ("cp-1", "rack-1", "10.61.1.11"),
        ("w-1", "rack-1", "10.61.1.21"),
        ("w-2", "rack-2", "10.61.2.22"),
    ]


def test_a_host_leaves_by_its_racks_gateway() -> None:
    assert [str(node.gateway) for node in Lab().nodes] == ["10.61.1.1", "10.61.1.1", "10.61.2.1"]


def test_the_uplink_is_the_first_subnet() -> None:
    lab = Lab(network="10.99.0.0/16")
    assert (str(lab.uplink_here), str(lab.uplink_router)) == ("10.99.0.1", "10.99.0.2")


def test_hosts_have_a_second_address_where_the_lab_has_ipv6() -> None:
    lab = Lab(network_v6="fd61::/48")
    assert [str(node.address_v6) for node in lab.nodes] == ["fd61:0:0:1::b", "fd61:0:0:1::15", "fd61:0:0:2::16"]
    assert str(lab.gateway_v6(2)) == "fd61:0:0:2::1"
    assert {node.address_v6 for node in Lab().nodes} == {None}


def test_growing_moves_no_host() -> None:
    small, large = Lab(workers=2), Lab(workers=30, control_planes=3)
    assert set(small.nodes) <= set(large.nodes)


@given(
    control_planes=st.integers(1, 9),
    workers=st.integers(0, 230),
    racks=st.integers(1, 250),
)
def test_no_two_hosts_share_an_address_and_all_fit_their_rack(control_planes: int, workers: int, racks: int) -> None:
    lab = Lab(control_planes=control_planes, workers=workers, racks=racks)
    addresses = [node.address for node in lab.nodes]
    assert len(set(addresses)) == len(addresses) == control_planes + workers
    for node in lab.nodes:
        assert str(node.address).rpartition(".")[0] == f"10.61.{node.rack}"
        assert node.address not in (lab.uplink_here, lab.uplink_router, node.gateway)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "Lab"}, "name: 'Lab' cannot be part of an interface's name"),
        ({"name": "much-too-long"}, "name: 'much-too-long' cannot be part of an interface's name"),
        ({"name": ""}, "name: '' cannot be part of an interface's name"),
        ({"control_planes": 0}, "control_planes: 0 is out of range; 1 to 9"),
        ({"workers": -1}, "workers: -1 is out of range; 0 to 230"),
        ({"racks": 0}, "racks: 0 is out of range; 1 to 250"),
        ({"network": "10.61.0.0/23", "racks": 2}, "network: 10.61.0.0/23 is too small"),
        ({"network": "10.61.0.1/16"}, "network: '10.61.0.1/16' is not a network (10.61.0.1/16 has host bits set)"),
        ({"network": "nonsense"}, "network: 'nonsense' is not a network"),
        ({"network_v6": "fd61::/63", "racks": 2}, "network_v6: fd61::/63 is too small; 2 racks take 3 /64s"),
        ({"network_v6": "fd61::/96"}, "network_v6: fd61::/96 is too small"),
        ({"network_v6": "10.0.0.0/8"}, "network_v6: '10.0.0.0/8' is not a network"),
        ({"network_v6": "fd61::/48", "routers": 1}, "network_v6: router hosts have no IPv6"),
        ({"mounts": {"opt": "/srv"}}, "mounts: opt and /srv are not both absolute"),
    ],
)
def test_refuses_impossible_labs(changed: dict[str, object], message: str) -> None:
    with pytest.raises(LabError, match="^" + re.escape(message)):
        Lab(**changed)  # type: ignore[arg-type]


def test_reports_every_problem_at_once() -> None:
    with pytest.raises(LabError) as error:
        Lab(workers=-1, racks=0)
    assert str(error.value) == "workers: -1 is out of range; 0 to 230; racks: 0 is out of range; 1 to 250"


def test_names_the_hosts_there_are() -> None:
    with pytest.raises(LabError, match="lab lab: no host w-9; one of cp-1, w-1, w-2"):
        Lab().node("w-9")
