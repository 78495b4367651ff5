"""The VPC's security groups: the default one closed, one for EFA traffic, one for the endpoints."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._tags import Tags, tagged


@dataclass(frozen=True, kw_only=True)
class SecurityGroups:
    """``default`` allows nothing; ``efa`` everything among its members; ``endpoints`` 443 from the VPC."""

    default: aws.ec2.DefaultSecurityGroup
    efa: aws.ec2.SecurityGroup
    endpoints: aws.ec2.SecurityGroup


def build_security_groups(
    name: str, vpc: aws.ec2.Vpc, cidr: str, *, tags: Tags, opts: pulumi.ResourceOptions
) -> SecurityGroups:
    """Rules are resources of their own, so that a change of one never opens or closes the others."""
    default = aws.ec2.DefaultSecurityGroup(
        f"{name}-default",
        vpc_id=vpc.id,
        ingress=[],
        egress=[],
        tags=tagged(f"{name}-default-closed", tags),
        opts=opts,
    )

    efa = _group(f"{name}-efa", "EFA traffic among GPU nodes", vpc, tags, opts)
    # EFA's OS-bypass traffic is passed only where the group allows itself all protocols in and out
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-efa-in",
        security_group_id=efa.id,
        referenced_security_group_id=efa.id,
        ip_protocol="-1",
        description="all traffic from members",
        tags=tagged(f"{name}-efa-in", tags),
        opts=opts,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-efa-out",
        security_group_id=efa.id,
        referenced_security_group_id=efa.id,
        ip_protocol="-1",
        description="all traffic to members",
        tags=tagged(f"{name}-efa-out", tags),
        opts=opts,
    )

    endpoints = _group(f"{name}-endpoints", "HTTPS from the VPC to interface endpoints", vpc, tags, opts)
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-endpoints-in",
        security_group_id=endpoints.id,
        cidr_ipv4=cidr,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        description="HTTPS from the VPC",
        tags=tagged(f"{name}-endpoints-in", tags),
        opts=opts,
    )
    return SecurityGroups(default=default, efa=efa, endpoints=endpoints)


def _group(
    name: str, description: str, vpc: aws.ec2.Vpc, tags: Tags, opts: pulumi.ResourceOptions
) -> aws.ec2.SecurityGroup:
    return aws.ec2.SecurityGroup(
        name, description=description, vpc_id=vpc.id, tags=tagged(name, tags), opts=opts
    )
