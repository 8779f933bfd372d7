"""Mode flannel-aws-vpc."""

from __future__ import annotations

from typing import ClassVar

from .alloc import FlannelAlloc


class FlannelAwsVpc(FlannelAlloc):
    """Plain IP by the routes of an AWS VPC: no overlay, across its subnets and zones.

    To choose on EC2 instances where an overlay is not wanted. Each node costs an entry in every subnet's route table,
    each instance its source/destination check, and the security groups have to let pods' addresses pass. Flannel's
    own backend of that name is gone since 0.20 (2022): Flannel hands out subnets, and the routes are the variable
    `cloud`'s. IPv4 only, nothing encrypted.
    """

    data_path = "plain IP, routed by the VPC"
    provider: ClassVar[str] = "aws"
    path_most: ClassVar[int] = 9001
