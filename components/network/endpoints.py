"""VPC endpoints: AWS's services without the internet."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components._location import Location
from components._tags import Tags, tagged
from components.network.subnets import Subnets


def build_gateway_endpoints(
    name: str,
    vpc: aws.ec2.Vpc,
    services: Sequence[str],
    *,
    where: Location,
    subnets: Subnets,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> dict[str, aws.ec2.VpcEndpoint]:
    """One a service (S3, DynamoDB), in every route table; free of charge."""
    tables = [subnets.public_route_table, *subnets.private_route_tables]
    return {
        service: aws.ec2.VpcEndpoint(
            f"{name}-{service}",
            vpc_id=vpc.id,
            service_name=pulumi.Output.concat("com.amazonaws.", where.region, ".", service),
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags=tagged(f"{name}-{service}", tags),
            opts=opts,
        )
        for service in services
    }


def build_interface_endpoints(
    name: str,
    vpc: aws.ec2.Vpc,
    services: Sequence[str],
    *,
    where: Location,
    subnets: Subnets,
    security_group: aws.ec2.SecurityGroup,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> dict[str, aws.ec2.VpcEndpoint]:
    """One a service, with an address in each private subnet, under the service's own DNS name."""
    return {
        service: aws.ec2.VpcEndpoint(
            f"{name}-{service.replace('.', '-')}",
            vpc_id=vpc.id,
            service_name=pulumi.Output.concat("com.amazonaws.", where.region, ".", service),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=[subnet.id for subnet in subnets.private],
            security_group_ids=[security_group.id],
            tags=tagged(f"{name}-{service}", tags),
            opts=opts,
        )
        for service in services
    }
