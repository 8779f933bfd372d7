"""Ten thousand inventories, sensible and absurd: a Spec, or problems of one printable line each; never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from random import Random
from struct import unpack
from typing import Any

import pytest

from tests.unit.clusters import MODES, REGISTERED_MODE, PaperArtifacts
from underlay.inventory.errors import InvalidInventory
from underlay.inventory.spec import Groups, Hosts, read_spec
from underlay.inventory.variables import ClusterVariables, HostVariables
from underlay.networks.registry import modes
from underlay.plan.cluster_objects import record
from underlay.plan.host_plan import node_plan
from underlay.plan.kubeadm import init_documents, join_documents
from underlay.plan.units import containerd_config
from underlay.plan.yaml_text import as_yaml
from underlay.resources.script import apply_script

INVENTORIES, PARTS = 10_000, 8


class Colour(StrEnum):
    RED = "red"


class Rude:
    """Neither shown nor compared without complaint."""

    def __repr__(self) -> str:
        return "several\nlines\x1b[31m"


TEXTS = (
    "", " ", "\n", "a\nb", "\0", "\x1b[31m", "\ud800", "ünï☃", "٣", "UNDERLAY_END", "$(id)", "'", "../..", "x" * 300,
    "true", "1500", "-1", "10.0.0.0/8", "10.0.0.1/8", "fe80::1%eth0", "0", "::", "::/0", "0.0.0.0/0", "127.0.0.1",
    "1e9", "nan", "None", "token", "https://a:b@c",
)  # fmt: skip
ODD = (
    None, True, False, 0, 1, -1, 1500, 2**31, 2**64, -(2**128), 10**400, 10**5000, 0.1, 1500.0, -0.0, float("nan"),
    float("inf"), b"", b"\xff\xfe", Colour.RED, Rude(), object(), print, int, Path("/x"), date(2020, 2, 2),
    Decimal("1.5"), 1j, {1, 2}, frozenset(), range(3), Exception("x"), ip_address("192.0.2.1"),
    ip_network("10.1.0.0/16"),
)  # fmt: skip
NESTED = (
    [], {}, (), [None], ("a", 1), [[[[[[[1]]]]]]], {"mode": []}, {"mode": {}}, {"mode": None}, {"mode": 10**5000},
    {"source": []}, {"source": "bundle", "path": None}, {"source": "mirror", "url": "u", "x\n": 1}, {1: 2}, {None: {}},
    {"a": {1: 2, "1": 3}}, {"a": {None: 1, "b": 2}}, {"a": [Rude()]}, {"a": Path("/x")}, {"a": {1, 2}},
    {"a": Colour.RED},
    {"a": float("nan")}, {"a": 10**5000}, {"a": "\ud800"}, {"a": ("b", ["c"])}, {"plugins": None}, {"version": "x"},
    {"plugins": {"io.containerd.cri.v1.runtime": 1}}, {"cgroupDriver": []}, {"": ""}, {"x\ny": "z\n"}, [b"x"],
    {"a": date(2020, 2, 2)}, {"password": Rude()},
)  # fmt: skip

# What is valid, or would be with other values.
SENSIBLE: dict[str, tuple[Any, ...]] = {
    "address": ("192.0.2.1", "192.0.2.2", "192.0.2.9", "2001:db8::1", "2001:db8::2"),
    "rack": ("rack-1", "rack-2", "A.b_c"),
    "cluster_name": ("lab", "a", "x" * 63),
    "kubernetes_version": ("v1.35.0", "v1.36.9", "v1.37.2", "v1.34.1", "v1.37"),
    "network": tuple({"mode": m} for m in MODES),
    "pod_subnet": ("10.244.0.0/16", "10.0.0.0/8", "10.1.0.0/24", "fd00:10::/48", "fd00::/64"),
    "service_subnet": ("10.96.0.0/16", "10.97.0.0/28", "192.0.2.0/24", "fd00:20::/112"),
    "load_balancer": (
        None,
        {},
        {"addresses": {"rack-1": ["192.0.2.240/28"]}},
        {"provider": "metallb", "addresses": {"rack-1": ["192.0.2.1-192.0.2.9"], "x": ["2001:db8::1-2001:db8::9"]}},
    ),
    "network_policy": (None, {}, {"engine": "kube-router"}, {"engine": "kube-router", "version": "v2.1.0"}),
    "control_plane_endpoint": (None, "api.example.net", "[2001:db8::9]:443", "192.0.2.9:6443"),
    "path_mtu": (None, 1280, 1500, 9000, 65535, "1500"),
    "accepted": ({}, {"disk-slow": "a lab"}),
    "tunnel_offload": ("keep", "off"),
    "artifacts": ({"source": "upstream"}, {"source": "mirror", "url": "u"}, {"source": "bundle", "path": "p"}),
    "proxy": (None, {}, {"https": "http://a:b@192.0.2.9:3128", "no_proxy": ".example"}, {"http": "http://c"}),
    "registries": ({}, {"quay.io": {"endpoint": "https://r.example/q", "username": "u", "password": "p"}}, {"x": {}}),
    "swap": ("off", "keep"),
    "ignore_preflight_errors": ((), ("Mem",), ["NumCPU", "Swap"]),
    "kubelet": ({"cgroupDriver": "cgroupfs"}, {"evictionHard": {"memory.available": "1%"}, "x": (1, 2)}),
    "kube_proxy": ({}, {"mode": "iptables"}, {"conntrack": {"min": 0}}),
    "containerd": ({}, {"plugins": {"x": {"y": True}}}, {"version": 3}),
    "address_v6": (None, "2001:db8::1", "fd00:10::1"),
    "as_number": (None, 64512),
    "fabric_address": (None, "192.0.2.77"),
    "routes": (None, "plugin", "bgp", "static", "cloud"),
    "cloud": (
        None,
        {},
        {"provider": "aws", "region": "x", "route_tables": ["rtb-1"]},
        {"provider": "gce", "project": "p", "zones": ["z"], "network": "n"},
    ),
    "pod_subnet_v6": (None, "fd00:10:244::/56", "fd00:10::/48"),
    "service_subnet_v6": (None, "fd00:10:96::/112"),
    "bgp": (
        None,
        {},
        {"as_number": 64512},
        {"as_numbers": {"rack-1": 64512}, "reflectors": ["cp-1", "w-1"]},
        {"as_number": 64512, "peers": [{"address": "192.0.2.99", "as_number": 64600, "rack": "rack-1"}]},
    ),
    "rollout": ({}, {"batch": 1, "canary": ["w-1"]}, {"batch": "10%", "stop_after": 2}, {"batch": 0}, {"canary": [1]}),
    "verify": (True, False, "no"),
}
assert set(SENSIBLE) == {*ClusterVariables.model_fields, *HostVariables.model_fields}
SETTINGS = sorted({"mode", *(name for mode in modes().values() for name in mode.model_fields), "xyzzy"})
NAMES = ("192.0.2.8", "2001:db8::8", "w_3", "W", "ünï\n☃", "", "x" * 300, "a..b", "w-1")
OTHERS = ("pod_subnt", "ssh_user", "ssh_hostname", "_sudo", "lab", "xyzzy", "\n", "", "\ud800", 1, None, ("a",))

VALUES = TEXTS + ODD + NESTED
MADE = [(name, value) for name, values in SENSIBLE.items() for value in values]
FIELDS = sorted(SENSIBLE)
PLACES = (*["shared"] * 4, "cp-1", "w-1")
SIZES = ((1, 1), (1, 2), (3, 1), (1, 0), (2, 1), (0, 1), (0, 0))


def anything(draw: Random, depth: int = 2) -> Any:
    """A value that nobody thought of."""
    match draw.randrange(6 if depth else 4):
        case 0:
            return draw.choice(VALUES)
        case 1:
            return "".join(
                chr(draw.choice((draw.randrange(128), draw.randrange(0x110000)))) for _ in range(draw.randrange(9))
            )
        case 2:
            return draw.randrange(-(2**70), 2**70) >> draw.randrange(70)
        case 3:
            return unpack("d", draw.randbytes(8))[0]
        case 4:
            return [anything(draw, depth - 1) for _ in range(draw.randrange(3))]
        case _:
            return {draw.choice(("", "a", "ü\n", "mode")): anything(draw, depth - 1) for _ in range(draw.randrange(3))}


CHANGES: tuple[Callable[[Random], tuple[str, Any]], ...] = (
    lambda draw: (draw.choice(PLACES), draw.choice(MADE)),
    lambda draw: (draw.choice(PLACES), (draw.choice(FIELDS), draw.choice(VALUES))),
    lambda draw: (draw.choice(PLACES), (draw.choice(FIELDS), anything(draw))),
    lambda draw: (draw.choice(PLACES), (draw.choice(OTHERS), draw.choice(VALUES))),
    lambda draw: ("network", (draw.choice(SETTINGS), draw.choice(VALUES))),
    lambda draw: ("rename", draw.choice(NAMES)),
    lambda draw: ("groups", (draw.randrange(4), draw.randrange(6))),
    lambda draw: ("drop", draw.choice(("network", "address", "control_plane", "workers"))),
)


def inventory_of(size: tuple[int, int], changes: list[tuple[str, Any]]) -> tuple[Hosts, Groups]:
    """An ordinary inventory of so many control-plane hosts and workers, then changed."""
    names = [*(f"cp-{i}" for i in range(1, size[0] + 1)), *(f"w-{i}" for i in range(1, size[1] + 1))]
    shared: dict[Any, Any] = {"network": {"mode": REGISTERED_MODE}}
    own: dict[str, dict[Any, Any]] = {name: {"address": f"192.0.2.{i}"} for i, name in enumerate(names, start=1)}
    cut, end = size[0], len(names)
    dropped = set()
    for where, what in changes:
        if where == "shared":
            shared[what[0]] = what[1]
        elif where == "network":
            network = shared["network"] if isinstance(shared.get("network"), dict) else {}
            shared["network"] = {**network, what[0]: what[1]}
        elif where == "rename" and names and what not in own:
            own[what] = own.pop(names[-1])
            names[-1] = what
        elif where == "groups":
            cut, end = what
        elif where == "drop":
            dropped.add(what)
        elif where in own:
            own[where][what[0]] = what[1]
    hosts = {name: {k: v for k, v in {**shared, **own[name]}.items() if k not in dropped} for name in own}
    groups = {"control_plane": tuple(names[:cut]), "workers": tuple(names[cut:end])}
    return hosts, {name: members for name, members in groups.items() if name not in dropped}


# A library that searches costs two thirds of the time here, and there is no path to search for: most are refused.
@pytest.mark.parametrize("part", range(PARTS))
def test_an_inventory_is_a_spec_or_a_list_of_lines(part: int) -> None:
    for number in range(part, INVENTORIES, PARTS):
        draw = Random(number)  # noqa: S311
        inventory = inventory_of(draw.choice(SIZES), [draw.choice(CHANGES)(draw) for _ in range(draw.randrange(5))])
        try:
            is_refused_in_lines_or_can_be_planned(*inventory)
        except Exception as error:
            error.add_note(f"inventory number {number}")
            raise


def is_refused_in_lines_or_can_be_planned(hosts: Hosts, groups: Groups) -> None:
    try:
        spec = read_spec(hosts, groups)
    except InvalidInventory as error:
        assert error.problems  # noqa: PT017
        for line in error.problems:
            assert line
            assert line.isprintable()
            assert ": " in line
        return
    # What is accepted can also be planned, and every document written.
    json.dumps(record(spec), sort_keys=True)
    containerd_config(spec.cluster, sandbox_image="pause").encode()
    for node in spec.cluster.nodes:
        documents = init_documents(spec.cluster, token="t") + join_documents(spec.cluster, node, certificate_key="k")  # noqa: S106
        as_yaml(*documents).encode()
        apply_script(node_plan(spec, node, PaperArtifacts()).resources).encode()
