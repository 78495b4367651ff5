"""A VPC over two or three zones, closed by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._location import location
from components._tags import tagged
from components.checks import check_name
from components.errors import InvalidArgs
from components.network.args import NetworkArgs
from components.network.endpoints import build_gateway_endpoints, build_interface_endpoints
from components.network.flow_logs import FlowLogs, build_flow_logs
from components.network.plan import plan_subnets
from components.network.security_groups import SecurityGroups, build_security_groups
from components.network.subnets import Subnets, build_subnets


@dataclass(frozen=True, kw_only=True)
class NetworkResources:
    """What a Network is made of; endpoints are keyed by service."""

    vpc: aws.ec2.Vpc
    subnets: Subnets
    security_groups: SecurityGroups
    flow_logs: FlowLogs
    gateway_endpoints: dict[str, aws.ec2.VpcEndpoint]
    interface_endpoints: dict[str, aws.ec2.VpcEndpoint]


class Network(pulumi.ComponentResource):
    """VPC, public and private subnets, NAT, flow logs, endpoints, and the closed, EFA and endpoint groups.

    Raises ``InvalidArgs`` where the region has fewer zones than asked for.
    """

    vpc_id: pulumi.Output[str]
    cidr_block: pulumi.Output[str]
    zones: pulumi.Output[list[str]]
    public_subnet_ids: pulumi.Output[list[str]]
    private_subnet_ids: pulumi.Output[list[str]]
    efa_security_group_id: pulumi.Output[str]
    endpoint_security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_name("name", name)
        super().__init__("datahall:components:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        zones = _zone_names(args.zones, self)
        where = location(self)

        # 1 - the VPC, cut into subnets with their routes
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(args.network),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=tagged(name, args.tags),
            opts=child,
        )
        subnets = build_subnets(
            name,
            vpc,
            plan_subnets(args.network, args.zone_count),
            zones,
            nat_per_zone=args.nat == "zone",
            tags=args.tags,
            opts=child,
        )

        # 2 - who may talk to whom
        groups = build_security_groups(name, vpc, str(args.network), tags=args.tags, opts=child)

        # 3 - AWS's services without the internet
        gateway_endpoints = build_gateway_endpoints(
            name, vpc, args.gateway_endpoints, where=where, subnets=subnets, tags=args.tags, opts=child
        )
        interface_endpoints = build_interface_endpoints(
            name,
            vpc,
            args.interface_endpoints,
            where=where,
            subnets=subnets,
            security_group=groups.endpoints,
            tags=args.tags,
            opts=child,
        )

        # 4 - a record of all traffic
        flow_logs = build_flow_logs(
            name,
            vpc,
            key_arn=args.log_key_arn,
            retention_days=args.flow_log_retention_days,
            where=where,
            tags=args.tags,
            opts=child,
        )

        self.resources = NetworkResources(
            vpc=vpc,
            subnets=subnets,
            security_groups=groups,
            flow_logs=flow_logs,
            gateway_endpoints=gateway_endpoints,
            interface_endpoints=interface_endpoints,
        )
        self.vpc_id = vpc.id
        self.cidr_block = vpc.cidr_block
        self.zones = pulumi.Output.from_input(zones)
        self.public_subnet_ids = pulumi.Output.all(*[subnet.id for subnet in subnets.public])
        self.private_subnet_ids = pulumi.Output.all(*[subnet.id for subnet in subnets.private])
        self.efa_security_group_id = groups.efa.id
        self.endpoint_security_group_id = groups.endpoints.id
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "cidr_block": self.cidr_block,
                "zones": self.zones,
                "public_subnet_ids": self.public_subnet_ids,
                "private_subnet_ids": self.private_subnet_ids,
                "efa_security_group_id": self.efa_security_group_id,
                "endpoint_security_group_id": self.endpoint_security_group_id,
            }
        )


def _zone_names(zones: int | Sequence[str], parent: pulumi.Resource) -> list[str]:
    """Asked before anything is registered, so that a region with too few zones costs nothing."""
    if not isinstance(zones, int):
        return list(zones)
    names = aws.get_availability_zones(
        state="available",
        # Local Zones and Wavelength Zones are opted into, and have no NAT or EKS control plane
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
        opts=pulumi.InvokeOptions(parent=parent),
    ).names
    if len(names) < zones:
        told = f"the region has {len(names)}: {', '.join(names)}"
        raise InvalidArgs("zones", zones, told, "ask for fewer, or use another region")
    return list(names[:zones])
