"""What is specific to flannel-aws-vpc and flannel-gce: subnets from Flannel, routes between them from the cloud."""

from __future__ import annotations

import json

import pytest

from tests.unit.clusters import cluster
from underlay.clouds.settings import CloudSettings
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Status
from underlay.networks.flannel.alloc import FlannelAlloc
from underlay.networks.flannel.aws_vpc import FlannelAwsVpc
from underlay.networks.flannel.gce import FlannelGce
from underlay.resources.sysctl import Sysctl

from .samples import HOST, judged, net_conf

CLOUDS = {
    "aws": CloudSettings(provider="aws", region="eu-central-1", route_tables=("rtb-1",)),
    "gce": CloudSettings(provider="gce", project="p", zones=("europe-west3-a",), network="default"),
}
ROUTES = "pod routes are left to the cloud"


@pytest.fixture(params=[FlannelAwsVpc, FlannelGce])
def made(request: pytest.FixtureRequest) -> FlannelAlloc:
    cloud: FlannelAlloc = request.param()
    return cloud


def test_flannel_assigns_subnets_and_the_cloud_routes_them(made: FlannelAlloc) -> None:
    assert net_conf(made)["Backend"] == {"Type": "alloc"}
    assert made.routes == (Routes.CLOUD,)
    assert made.traits.reach is Reach.WITH_ROUTES
    assert made.traits.status is Status.SUBSTITUTE
    assert made.traits.warning.startswith("Flannel dropped this backend in 0.20; it assigns subnets only")


def test_a_host_has_no_pod_routes_of_its_own(made: FlannelAlloc) -> None:
    assert judged(made, ROUTES, json.dumps(HOST)) is None
    route = {"dst": "10.244.1.0/24", "gateway": "192.0.2.2", "dev": "eth0", "flags": []}
    assert judged(made, ROUTES, json.dumps([*HOST, route])) == "unexpected pod routes: 10.244.1.0/24"


def test_crosses_racks_without_encapsulation(made: FlannelAlloc) -> None:
    racks = cluster()
    assert made.problems(racks) == []
    assert made.overhead(racks) == 0
    wire = made.wire(racks, racks.nodes[0], racks.nodes[2])
    assert wire.shows == "net 10.244.0.0/16"
    assert wire.never == "udp port 8472 or udp port 8285 or udp port 51820 or proto 4"


def test_the_reverse_path_filter_is_loose(made: FlannelAlloc) -> None:
    assert Sysctl("net.ipv4.conf.all.rp_filter", "2") in made.prerequisites(cluster()).resources


@pytest.mark.parametrize(
    ("made", "mtu", "problem"),
    [
        (FlannelAwsVpc(), 9001, []),
        (FlannelAwsVpc(), 9216, ["path_mtu: larger than AWS carries (it is 9216); use 9001 or less"]),
        (FlannelGce(), 8896, []),
        (FlannelGce(), 9001, ["path_mtu: larger than GCE carries (it is 9001); use 8896 or less"]),
    ],
)
def test_a_path_mtu_larger_than_the_clouds_is_refused(made: FlannelAlloc, mtu: int, problem: list[str]) -> None:
    assert made.problems(cluster(path_mtu=mtu)) == problem


@pytest.mark.parametrize(
    ("made", "provider", "problem"),
    [
        (FlannelAwsVpc(), "aws", []),
        (FlannelAwsVpc(), "gce", ["cloud.provider: flannel-aws-vpc is for aws (it is gce); use flannel-gce"]),
        (FlannelGce(), "gce", []),
        (FlannelGce(), "aws", ["cloud.provider: flannel-gce is for gce (it is aws); use flannel-aws-vpc"]),
    ],
)
def test_another_cloud_has_another_mode(made: FlannelAlloc, provider: str, problem: list[str]) -> None:
    assert made.problems(cluster(cloud=CLOUDS[provider])) == problem
