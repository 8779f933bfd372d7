"""Mode flannel-aws-vpc."""

from __future__ import annotations

from typing import ClassVar

from .alloc import FlannelAlloc


class FlannelAwsVpc(FlannelAlloc):
    """Plain IP by the routes of an AWS VPC: no overlay, across its subnets and zones.

    Choose it on EC2 instances where an overlay is not wanted. Each node takes an entry in every subnet's route table,
    the source/destination check of each instance is off, and the security groups have to allow pods' addresses.
    Flannel dropped its own backend of that name in 0.20 (2022): Flannel assigns subnets, and the variable `cloud` makes
    the routes. IPv4 only, no encryption.
    """

    data_path = "plain IP, routed by the VPC"
    provider: ClassVar[str] = "aws"
    path_mtu_max: ClassVar[int] = 9001
