"""An AWS VPC: routes to nodes' interfaces, their source/destination check, and the security group rule for pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    """Requires ec2:Describe{NetworkInterfaces,RouteTables,Vpcs,SecurityGroups}, ec2:{Create,Replace,Delete}Route,
    ec2:ModifyNetworkInterfaceAttribute and ec2:{Authorize,Revoke}SecurityGroupIngress."""

    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._session = boto3.session.Session(region_name=settings.region)

    def plan(self, required: Sequence[PodRoute], pods: IPv4Network) -> list[CloudChange]:
        """See `Cloud.plan`."""
        with self._client() as ec2:
            tables = self._tables(ec2)
            interfaces = _interfaces(ec2, [w.address for w in required])
            problems = [
                *(
                    f"cloud: no instance has the address of {w.node} ({w.address})"
                    for w in required
                    if w.address not in interfaces
                ),
                *_overlaps(ec2, tables, pods),
                *self._full(tables, required, pods),
            ]
            if problems:
                raise CloudError(problems)
            return [
                *_checks(ec2, required, interfaces),
                *_rules(ec2, interfaces, pods),
                *(change for table in tables for change in _routes(ec2, table, required, interfaces, pods)),
            ]

    def removal(self, leaving: Sequence[str] | None, pods: IPv4Network) -> list[CloudChange]:
        """See `Cloud.removal`. The check of source and destination stays off: nobody knows whose it was."""
        with self._client() as ec2:
            tables = self._tables(ec2)
            to = None if leaving is None else {i["NetworkInterfaceId"] for i in _interfaces(ec2, leaving).values()}
            rules = _rules_removed(ec2, tables, pods) if leaving is None else ()
            return [*(c for t in tables for c in _routes_removed(ec2, t, pods, to)), *rules]

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """EC2's API, whose errors become lines for a person."""
        if self._session.get_credentials() is None:
            raise CloudError([f"cloud: no AWS credentials found; provide them by one of {_CHAIN}"])
        try:
            yield self._session.client("ec2", endpoint_url=self._settings.endpoint)
        except (BotoCoreError, ClientError) as error:
            raise CloudError([f"cloud: AWS rejects the request ({error})"]) from error

    def _tables(self, ec2: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ec2.describe_route_tables(RouteTableIds=list(self._settings.route_tables))[
            "RouteTables"
        ]
        return found

    def _full(self, tables: list[dict[str, Any]], required: Sequence[PodRoute], pods: IPv4Network) -> Iterator[str]:
        for table in tables:
            others = sum(not _within(r, pods) for r in table["Routes"])
            total = others + len(required)
            if total > self._settings.route_limit:
                yield (
                    f"cloud: route table {table['RouteTableId']} would exceed its limit ({total} routes, limit "
                    f"{self._settings.route_limit}); raise the quota and cloud.route_limit, or use an overlay"
                )


def _interfaces(ec2: Any, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return address -> network interface."""
    found: dict[str, dict[str, Any]] = {}
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


def _checks(ec2: Any, required: Sequence[PodRoute], interfaces: dict[str, dict[str, Any]]) -> Iterator[CloudChange]:
    for route in required:
        interface = interfaces[route.address]
        if interface.get("SourceDestCheck", True):
            identity = interface["NetworkInterfaceId"]
            off = partial(
                ec2.modify_network_interface_attribute, NetworkInterfaceId=identity, SourceDestCheck={"Value": False}
            )
            yield CloudChange(f"source/destination check of {route.node} ({identity}): on -> off", off)


def _rules(ec2: Any, interfaces: dict[str, dict[str, Any]], pods: IPv4Network) -> Iterator[CloudChange]:
    """Pods' addresses must be allowed on each interface; if no group allows them, the first one gets a rule."""
    names = {g["GroupId"] for i in interfaces.values() for g in i["Groups"]}
    groups = (
        {g["GroupId"]: g for g in ec2.describe_security_groups(GroupIds=sorted(names))["SecurityGroups"]}
        if names
        else {}
    )
    missing = dict.fromkeys(
        i["Groups"][0]["GroupId"]
        for i in interfaces.values()
        if i["Groups"] and not any(_allows(groups[g["GroupId"]], pods) for g in i["Groups"])
    )
    for group in missing:
        rule = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": str(pods), "Description": _RULE}]}
        add = partial(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule])
        yield CloudChange(f"security group {group}: allow {pods}", add)


def _allows(group: dict[str, Any], pods: IPv4Network) -> bool:
    return any(
        pods.subnet_of(IPv4Network(ip_range["CidrIp"]))
        for rule in group["IpPermissions"]
        if rule["IpProtocol"] == "-1"
        for ip_range in rule["IpRanges"]
    )


def _routes(
    ec2: Any,
    table: dict[str, Any],
    required: Sequence[PodRoute],
    interfaces: dict[str, dict[str, Any]],
    pods: IPv4Network,
) -> Iterator[CloudChange]:
    """Add or replace the required routes, and delete routes of pod subnets that no node has."""
    identity = table["RouteTableId"]
    existing = {r["DestinationCidrBlock"]: r for r in table["Routes"] if _within(r, pods)}
    for route in required:
        interface = interfaces[route.address]["NetworkInterfaceId"]
        target = {"RouteTableId": identity, "DestinationCidrBlock": route.subnet, "NetworkInterfaceId": interface}
        present = existing.pop(route.subnet, None)
        what = f"route table {identity}: {route.subnet}"
        if present is None:
            yield CloudChange(f"{what} -> {route.node} ({interface})", partial(ec2.create_route, **target))
        elif present.get("NetworkInterfaceId") != interface or present.get("State") == "blackhole":
            before = present.get("NetworkInterfaceId") or present.get("InstanceId") or present.get("State", "unknown")
            yield CloudChange(f"{what} {before} -> {route.node} ({interface})", partial(ec2.replace_route, **target))
    for subnet in sorted(existing):
        delete = partial(ec2.delete_route, RouteTableId=identity, DestinationCidrBlock=subnet)
        yield CloudChange(f"route table {identity}: {subnet} -> deleted, no node has it", delete)


def _routes_removed(
    ec2: Any, table: dict[str, Any], pods: IPv4Network, interfaces: set[str] | None
) -> Iterator[CloudChange]:
    """Delete routes to pods: those to these interfaces, or all."""
    identity = table["RouteTableId"]
    for route in table["Routes"]:
        if _within(route, pods) and (interfaces is None or route.get("NetworkInterfaceId") in interfaces):
            subnet = route["DestinationCidrBlock"]
            delete = partial(ec2.delete_route, RouteTableId=identity, DestinationCidrBlock=subnet)
            yield CloudChange(f"route table {identity}: {subnet} -> deleted", delete)


def _rules_removed(ec2: Any, tables: list[dict[str, Any]], pods: IPv4Network) -> Iterator[CloudChange]:
    """Delete the rules for pods that have Underlay's description."""
    vpcs = {"Name": "vpc-id", "Values": sorted({t["VpcId"] for t in tables})}
    ours = {"CidrIp": str(pods), "Description": _RULE}
    for group in ec2.describe_security_groups(Filters=[vpcs])["SecurityGroups"]:
        if any(ours in rule["IpRanges"] for rule in group["IpPermissions"] if rule["IpProtocol"] == "-1"):
            rule = {"IpProtocol": "-1", "IpRanges": [ours]}
            revoke = partial(ec2.revoke_security_group_ingress, GroupId=group["GroupId"], IpPermissions=[rule])
            yield CloudChange(f"security group {group['GroupId']}: {pods} is no longer allowed", revoke)


def _within(route: dict[str, Any], pods: IPv4Network) -> bool:
    block = route.get("DestinationCidrBlock")
    return block is not None and IPv4Network(block).subnet_of(pods)
