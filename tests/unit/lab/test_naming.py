"""Names of labs in the kernel do not conflict, and leftovers are recognised by them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from underlay.lab.model import naming
from underlay.lab.model.topology import NAME, Lab

INTERFACE_MAX = 15
lab_names = st.from_regex(NAME, fullmatch=True)


@given(lab_names)
def test_every_interface_name_fits_the_kernel(name: str) -> None:
    lab = Lab(name, workers=230, racks=250)
    inside = [naming.UPLINK, *(node.name for node in lab.nodes), *(naming.bridge(node.rack) for node in lab.nodes)]
    assert max(map(len, [naming.uplink(name), *inside])) <= INTERFACE_MAX


def test_the_ports_of_a_router_are_all_different() -> None:
    lab = Lab(control_planes=9, workers=230, racks=250)
    names = [naming.UPLINK, *{naming.bridge(node.rack) for node in lab.nodes}, *(node.name for node in lab.nodes)]
    assert len(set(names)) == len(names)


@given(lab_names, lab_names)
def test_a_namespace_belongs_to_one_lab(one: str, other: str) -> None:
    theirs = naming.namespace(other, "w-2")
    assert naming.node_of(theirs, one) == ("w-2" if one == other else None)


def test_other_namespaces_are_nobodys() -> None:
    for name in ("docker-1", "underlay-a-router", "underlay-a-b-cp-1", "underlay-a-cp-", "underlay-a-w-x"):
        assert naming.node_of(name, "a") is None


def test_a_group_is_nested_as_its_lab_is() -> None:
    assert naming.group() == "underlay"
    assert naming.group("a", "w-1", "host") == "underlay/a/w-1/host"
