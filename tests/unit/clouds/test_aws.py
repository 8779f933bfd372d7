"""The routes of an AWS VPC, against moto: nodes come, go and are renamed, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network
from typing import Any

import boto3
import pytest
from botocore.loaders import create_loader
from moto import mock_aws

from underlay.clouds.aws import Aws
from underlay.clouds.change import CloudError, PodRoute
from underlay.clouds.settings import CloudSettings

PODS = IPv4Network("10.244.0.0/16")
REGION = "eu-central-1"


@dataclass
class Vpc:
    ec2: Any
    image: str
    table: str
    subnet: str
    settings: CloudSettings

    def launch(self, address: str) -> str:
        """An instance with this address; its interface."""
        made = self.ec2.run_instances(
            ImageId=self.image, MinCount=1, MaxCount=1, SubnetId=self.subnet, PrivateIpAddress=address
        )
        return str(made["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"])

    def routes(self) -> dict[str, str]:
        table = self.ec2.describe_route_tables(RouteTableIds=[self.table])["RouteTables"][0]
        return {
            r["DestinationCidrBlock"]: r.get("NetworkInterfaceId", r.get("GatewayId", ""))
            for r in table["Routes"]
            if r["DestinationCidrBlock"] != "10.0.0.0/16"
        }

    def converge(self, *required: PodRoute) -> list[str]:
        changes = Aws(self.settings).plan(required, PODS)
        for change in changes:
            change.apply()
        return [change.sentence for change in changes]


LOADER = cache(create_loader)
"""Reads the description of EC2's API once for all sessions."""


@pytest.fixture
def vpc(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vpc]:
    monkeypatch.setattr("botocore.session.create_loader", LOADER)
    # moto would make each of the thousand images that it knows anew for every test.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        ec2 = boto3.client("ec2", region_name=REGION)
        image = ec2.register_image(Name="image")["ImageId"]
        made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=made, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        table = ec2.create_route_table(VpcId=made)["RouteTable"]["RouteTableId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        settings = CloudSettings(provider="aws", region=REGION, route_tables=(table,))
        yield Vpc(ec2, image, table, subnet, settings)


def want(number: int, *, name: str | None = None) -> PodRoute:
    return PodRoute(name or f"w-{number}", f"10.0.1.{10 + number}", f"10.244.{number}.0/24")


def test_a_node_gets_its_route_its_check_disabled_and_its_pods_allowed(vpc: Vpc) -> None:
    interface = vpc.launch("10.0.1.11")
    sentences = vpc.converge(want(1))
    assert sentences[0] == f"source/destination check of w-1 ({interface}): on -> off"
    assert sentences[1].endswith(": allow 10.244.0.0/16")
    assert sentences[2] == f"route table {vpc.table}: 10.244.1.0/24 -> w-1 ({interface})"
    assert vpc.routes()["10.244.1.0/24"] == interface
    assert vpc.converge(want(1)) == []


def test_nodes_come_and_go_and_other_routes_stay(vpc: Vpc) -> None:
    first, second = vpc.launch("10.0.1.11"), vpc.launch("10.0.1.12")
    vpc.converge(want(1))
    assert f"route table {vpc.table}: 10.244.2.0/24 -> w-2 ({second})" in vpc.converge(want(1), want(2))
    assert vpc.converge(want(2)) == [f"route table {vpc.table}: 10.244.1.0/24 -> deleted, no node has it"]
    assert set(vpc.routes()) == {"0.0.0.0/0", "10.244.2.0/24"}
    assert first not in vpc.routes().values()


def test_a_subnet_that_moved_to_another_instance_is_replaced(vpc: Vpc) -> None:
    before, after = vpc.launch("10.0.1.11"), vpc.launch("10.0.1.12")
    vpc.converge(want(1))
    sentences = vpc.converge(PodRoute("renamed", "10.0.1.12", "10.244.1.0/24"))
    assert f"route table {vpc.table}: 10.244.1.0/24 {before} -> renamed ({after})" in sentences
    assert vpc.routes()["10.244.1.0/24"] == after


def test_a_renamed_node_changes_nothing(vpc: Vpc) -> None:
    vpc.launch("10.0.1.11")
    vpc.converge(want(1))
    assert vpc.converge(want(1, name="another-name")) == []


def taken_back(vpc: Vpc, *leaving: str) -> list[str]:
    changes = Aws(vpc.settings).removal(leaving or None, PODS)
    for change in changes:
        change.apply()
    return [change.sentence for change in changes]


def test_of_a_node_that_leaves_the_route_alone_goes(vpc: Vpc) -> None:
    vpc.launch("10.0.1.11")
    second = vpc.launch("10.0.1.12")
    vpc.converge(want(1), want(2))
    assert taken_back(vpc, "10.0.1.11") == [f"route table {vpc.table}: 10.244.1.0/24 -> deleted"]
    assert vpc.routes()["10.244.2.0/24"] == second
    assert taken_back(vpc, "10.0.1.11") == []
    assert not [s for s in vpc.converge(want(2)) if "allow" in s]


def test_with_the_last_node_all_routes_to_pods_go_and_the_rule_with_our_description(vpc: Vpc) -> None:
    vpc.launch("10.0.1.11")
    rule = next(s for s in vpc.converge(want(1)) if "allow" in s)
    group = rule.split()[2].removesuffix(":")
    sites = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "198.51.100.0/24", "Description": "the office"}]}
    vpc.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[sites])
    assert taken_back(vpc) == [
        f"route table {vpc.table}: 10.244.1.0/24 -> deleted",
        f"security group {group}: 10.244.0.0/16 is no longer allowed",
    ]
    assert set(vpc.routes()) == {"0.0.0.0/0"}
    (left,) = vpc.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert "the office" in str(left["IpPermissions"])
    assert taken_back(vpc) == []


def refusal(vpc: Vpc, *required: PodRoute, pods: IPv4Network = PODS, **changes: Any) -> tuple[str, ...]:
    with pytest.raises(CloudError) as refused:
        Aws(vpc.settings.model_copy(update=changes)).plan(required, pods)
    return refused.value.problems


def test_an_instance_that_is_not_there_is_named_before_anything_is_changed(vpc: Vpc) -> None:
    vpc.launch("10.0.1.11")
    assert refusal(vpc, want(1), want(7)) == ("cloud: no instance has the address of w-7 (10.0.1.17)",)
    assert "10.244.1.0/24" not in vpc.routes()


def test_a_limit_is_named_before_it_is_hit(vpc: Vpc) -> None:
    vpc.launch("10.0.1.11")
    vpc.launch("10.0.1.12")
    assert refusal(vpc, want(1), want(2), route_limit=3) == (
        f"cloud: route table {vpc.table} would exceed its limit (4 routes, limit 3); raise the quota and "
        "cloud.route_limit, or use an overlay",
    )


def test_a_vpc_whose_own_range_overlaps_pods_is_refused(vpc: Vpc) -> None:
    vpc.launch("10.0.1.11")
    problems = refusal(vpc, want(1), pods=IPv4Network("10.0.0.0/8"))
    assert problems[0].startswith("pod_subnet: 10.0.0.0/8 overlaps 10.0.0.0/16 of vpc-")


def test_without_credentials_the_chain_is_named(vpc: Vpc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.session.Session.get_credentials", lambda _self: None)
    assert refusal(vpc, want(1))[0].startswith(
        "cloud: no AWS credentials found; provide them by one of the environment, ~/.aws"
    )


def test_an_error_of_aws_is_one_line(vpc: Vpc) -> None:
    (line,) = refusal(vpc, want(1), route_tables=("rtb-0123456789abcdef0",))
    assert line.startswith("cloud: AWS rejects the request (")
    assert "\n" not in line
