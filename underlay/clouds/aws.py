"""An AWS VPC: routes to nodes' interfaces, their source/destination check, and the rule that lets pods in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from ipaddress import IPv4Network
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .change import CloudChange, CloudError, PodRoute
from .settings import CloudSettings

_CHAIN = "the environment, ~/.aws/credentials and ~/.aws/config, a container's role, the instance's role"
_RULE = "pods, by Underlay"


class Aws:
    """Needs ec2:Describe{NetworkInterfaces,RouteTables,Vpcs,SecurityGroups}, ec2:{Create,Replace,Delete}Route,
    ec2:ModifyNetworkInterfaceAttribute and ec2:AuthorizeSecurityGroupIngress."""

    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._session = boto3.session.Session(region_name=settings.region)

    def plan(self, wanted: Sequence[PodRoute], pods: IPv4Network) -> list[CloudChange]:
        """See `Cloud.plan`."""
        if self._session.get_credentials() is None:
            raise CloudError([f"cloud: no AWS credentials; tried were {_CHAIN}"])
        ec2 = self._session.client("ec2", endpoint_url=self._settings.endpoint)
        try:
            tables = self._tables(ec2)
            interfaces = _interfaces(ec2, wanted)
            problems = [
                *(
                    f"cloud: no instance has the address {w.address} of {w.node}"
                    for w in wanted
                    if w.address not in interfaces
                ),
                *_overlaps(ec2, tables, pods),
                *self._full(tables, wanted, pods),
            ]
            if problems:
                raise CloudError(problems)
            return [
                *_checks(ec2, wanted, interfaces),
                *_rules(ec2, interfaces, pods),
                *(change for table in tables for change in _routes(ec2, table, wanted, interfaces, pods)),
            ]
        except (BotoCoreError, ClientError) as error:
            raise CloudError([f"cloud: AWS refuses: {error}"]) from error

    def _tables(self, ec2: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ec2.describe_route_tables(RouteTableIds=list(self._settings.route_tables))[
            "RouteTables"
        ]
        return found

    def _full(self, tables: list[dict[str, Any]], wanted: Sequence[PodRoute], pods: IPv4Network) -> Iterator[str]:
        for table in tables:
            others = sum(not _within(r, pods) for r in table["Routes"])
            total = others + len(wanted)
            if total > self._settings.route_limit:
                yield (
                    f"cloud: route table {table['RouteTableId']} would hold {total} routes, and its limit is "
                    f"{self._settings.route_limit}; raise the quota and cloud.route_limit, or use an overlay"
                )


def _interfaces(ec2: Any, wanted: Sequence[PodRoute]) -> dict[str, dict[str, Any]]:
    """Address -> the network interface that has it."""
    found: dict[str, dict[str, Any]] = {}
    addresses = [w.address for w in wanted]
    for start in range(0, len(addresses), 200):  # the most values a filter takes
        names = {"Name": "addresses.private-ip-address", "Values": addresses[start : start + 200]}
        for page in ec2.get_paginator("describe_network_interfaces").paginate(Filters=[names]):
            for interface in page["NetworkInterfaces"]:
                for address in interface["PrivateIpAddresses"]:
                    found[address["PrivateIpAddress"]] = interface
    return found


def _overlaps(ec2: Any, tables: list[dict[str, Any]], pods: IPv4Network) -> Iterator[str]:
    vpcs = sorted({t["VpcId"] for t in tables})
    for vpc in ec2.describe_vpcs(VpcIds=vpcs)["Vpcs"]:
        for block in vpc.get("CidrBlockAssociationSet") or [{"CidrBlock": vpc["CidrBlock"]}]:
            if IPv4Network(block["CidrBlock"]).overlaps(pods):
                yield f"pod_subnet: {pods} overlaps {block['CidrBlock']} of {vpc['VpcId']}; choose another"


def _checks(ec2: Any, wanted: Sequence[PodRoute], interfaces: dict[str, dict[str, Any]]) -> Iterator[CloudChange]:
    for route in wanted:
        interface = interfaces[route.address]
        if interface.get("SourceDestCheck", True):
            identity = interface["NetworkInterfaceId"]
            off = partial(
                ec2.modify_network_interface_attribute, NetworkInterfaceId=identity, SourceDestCheck={"Value": False}
            )
            yield CloudChange(f"source/destination check of {route.node} ({identity}): on -> off", off)


def _rules(ec2: Any, interfaces: dict[str, dict[str, Any]], pods: IPv4Network) -> Iterator[CloudChange]:
    """Pods' addresses have to be let in where nodes are; one rule in the first group of an interface without one."""
    names = {g["GroupId"] for i in interfaces.values() for g in i["Groups"]}
    groups = (
        {g["GroupId"]: g for g in ec2.describe_security_groups(GroupIds=sorted(names))["SecurityGroups"]}
        if names
        else {}
    )
    missing = dict.fromkeys(
        i["Groups"][0]["GroupId"]
        for i in interfaces.values()
        if i["Groups"] and not any(_lets_in(groups[g["GroupId"]], pods) for g in i["Groups"])
    )
    for group in missing:
        rule = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": str(pods), "Description": _RULE}]}
        add = partial(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule])
        yield CloudChange(f"security group {group}: let {pods} in", add)


def _lets_in(group: dict[str, Any], pods: IPv4Network) -> bool:
    return any(
        pods.subnet_of(IPv4Network(ip_range["CidrIp"]))
        for rule in group["IpPermissions"]
        if rule["IpProtocol"] == "-1"
        for ip_range in rule["IpRanges"]
    )


def _routes(
    ec2: Any,
    table: dict[str, Any],
    wanted: Sequence[PodRoute],
    interfaces: dict[str, dict[str, Any]],
    pods: IPv4Network,
) -> Iterator[CloudChange]:
    """Routes of the pod subnet as they have to be; those to instances that are gone go."""
    identity = table["RouteTableId"]
    there = {r["DestinationCidrBlock"]: r for r in table["Routes"] if _within(r, pods)}
    for route in wanted:
        interface = interfaces[route.address]["NetworkInterfaceId"]
        target = {"RouteTableId": identity, "DestinationCidrBlock": route.subnet, "NetworkInterfaceId": interface}
        seen = there.pop(route.subnet, None)
        what = f"route table {identity}: {route.subnet}"
        if seen is None:
            yield CloudChange(f"{what} -> {route.node} ({interface})", partial(ec2.create_route, **target))
        elif seen.get("NetworkInterfaceId") != interface or seen.get("State") == "blackhole":
            before = seen.get("NetworkInterfaceId") or seen.get("InstanceId") or seen.get("State", "elsewhere")
            yield CloudChange(f"{what} {before} -> {route.node} ({interface})", partial(ec2.replace_route, **target))
    for subnet in sorted(there):
        delete = partial(ec2.delete_route, RouteTableId=identity, DestinationCidrBlock=subnet)
        yield CloudChange(f"route table {identity}: {subnet} -> gone, no node has it", delete)


def _within(route: dict[str, Any], pods: IPv4Network) -> bool:
    block = route.get("DestinationCidrBlock")
    return block is not None and IPv4Network(block).subnet_of(pods)
