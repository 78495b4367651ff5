"""Subnets, gateways and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._options import after
from components._tags import Tags, tagged
from components.network.plan import SubnetPlan


@dataclass(frozen=True, kw_only=True)
class Subnets:
    """Public and private subnets in the zones' order, and the route tables that serve them."""

    public: tuple[aws.ec2.Subnet, ...]
    private: tuple[aws.ec2.Subnet, ...]
    internet_gateway: aws.ec2.InternetGateway
    nat_gateways: tuple[aws.ec2.NatGateway, ...]
    public_route_table: aws.ec2.RouteTable
    private_route_tables: tuple[aws.ec2.RouteTable, ...]


def build_subnets(
    name: str,
    vpc: aws.ec2.Vpc,
    plan: SubnetPlan,
    zones: Sequence[str],
    *,
    nat_per_zone: bool,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> Subnets:
    """A public and a private subnet a zone; private ones reach out by NAT."""
    public = tuple(
        _subnet(f"{name}-public-{index}", vpc, str(block), zone, role="elb", tags=tags, opts=opts)
        for index, (block, zone) in enumerate(zip(plan.public, zones, strict=True))
    )
    private = tuple(
        _subnet(f"{name}-private-{index}", vpc, str(block), zone, role="internal-elb", tags=tags, opts=opts)
        for index, (block, zone) in enumerate(zip(plan.private, zones, strict=True))
    )

    gateway = aws.ec2.InternetGateway(
        f"{name}-internet", vpc_id=vpc.id, tags=tagged(f"{name}-internet", tags), opts=opts
    )
    public_table = _route_table(f"{name}-public", vpc, public, tags, opts)
    aws.ec2.Route(
        f"{name}-public-default",
        route_table_id=public_table.id,
        destination_cidr_block="0.0.0.0/0",
        gateway_id=gateway.id,
        opts=opts,
    )

    after_gateway = after(opts, gateway)
    gateways = tuple(
        _nat_gateway(f"{name}-nat-{index}", subnet, tags, after_gateway)
        for index, subnet in enumerate(public if nat_per_zone else public[:1])
    )
    private_tables = []
    for index, subnet in enumerate(private):
        table = _route_table(f"{name}-private-{index}", vpc, [subnet], tags, opts)
        aws.ec2.Route(
            f"{name}-private-{index}-default",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=gateways[index if nat_per_zone else 0].id,
            opts=opts,
        )
        private_tables.append(table)

    return Subnets(
        public=public,
        private=private,
        internet_gateway=gateway,
        nat_gateways=gateways,
        public_route_table=public_table,
        private_route_tables=tuple(private_tables),
    )


def _subnet(
    name: str,
    vpc: aws.ec2.Vpc,
    block: str,
    zone: str,
    *,
    role: str,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> aws.ec2.Subnet:
    # the role tag is how the load balancer controller finds the subnets it may use
    return aws.ec2.Subnet(
        name,
        vpc_id=vpc.id,
        cidr_block=block,
        availability_zone=zone,
        map_public_ip_on_launch=False,
        tags=tagged(name, {**tags, f"kubernetes.io/role/{role}": "1"}),
        opts=opts,
    )


def _route_table(
    name: str, vpc: aws.ec2.Vpc, subnets: Sequence[aws.ec2.Subnet], tags: Tags, opts: pulumi.ResourceOptions
) -> aws.ec2.RouteTable:
    table = aws.ec2.RouteTable(f"{name}-routes", vpc_id=vpc.id, tags=tagged(name, tags), opts=opts)
    for index, subnet in enumerate(subnets):
        aws.ec2.RouteTableAssociation(
            f"{name}-routes-{index}", route_table_id=table.id, subnet_id=subnet.id, opts=opts
        )
    return table


def _nat_gateway(
    name: str, subnet: aws.ec2.Subnet, tags: Tags, opts: pulumi.ResourceOptions
) -> aws.ec2.NatGateway:
    address = aws.ec2.Eip(f"{name}-address", domain="vpc", tags=tagged(name, tags), opts=opts)
    return aws.ec2.NatGateway(
        name, allocation_id=address.allocation_id, subnet_id=subnet.id, tags=tagged(name, tags), opts=opts
    )
