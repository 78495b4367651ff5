"""Nodes stand in private subnets: ones whose route table has no route to an internet gateway.

Followed through the stack's own resources (route, route table, association, subnet), by what depends on
what; a subnet that is not of this stack cannot be told and is not judged here.
"""

from collections.abc import Sequence

from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.frameworks import cis_eks

_SUBNETS = {
    "aws:eks/nodeGroup:NodeGroup": "subnetIds",
    "aws:ec2/instance:Instance": "subnetId",
    "aws:autoscaling/group:Group": "vpcZoneIdentifiers",
}


def _targets(resource: PolicyResource, link: str, type_token: str) -> set[str]:
    linked = resource.property_dependencies.get(link, [])
    return {one.urn for one in linked if one.resource_type == type_token}


def _public_subnets(resources: Sequence[PolicyResource]) -> set[str]:
    tables: set[str] = set()
    for one in resources:
        if one.resource_type == "aws:ec2/route:Route" and _internet(one, "gatewayId"):
            tables |= _targets(one, "routeTableId", "aws:ec2/routeTable:RouteTable")
        if one.resource_type == "aws:ec2/routeTable:RouteTable" and _internet(one, "routes"):
            tables.add(one.urn)
    return {
        subnet
        for one in resources
        if one.resource_type == "aws:ec2/routeTableAssociation:RouteTableAssociation"
        and _targets(one, "routeTableId", "aws:ec2/routeTable:RouteTable") & tables
        for subnet in _targets(one, "subnetId", "aws:ec2/subnet:Subnet")
    }


def _internet(resource: PolicyResource, link: str) -> bool:
    return bool(_targets(resource, link, "aws:ec2/internetGateway:InternetGateway"))


def _validate(args: StackValidationArgs, report: ReportViolation) -> None:
    public = _public_subnets(args.resources)
    for one in args.resources:
        link = _SUBNETS.get(one.resource_type)
        for urn in sorted(_targets(one, link, "aws:ec2/subnet:Subnet") & public) if link else ():
            subnet = urn.rsplit("::", maxsplit=1)[1]
            report(f"{one.name} stands in the public subnet {subnet}: use private ones", one.urn)


policy = StackValidationPolicy(
    name="disallow-nodes-in-public-subnets",
    description="Nodes stand in private subnets.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=cis_eks("5.4.3", "Ensure clusters are created with private nodes"),
    tags=["CIS-EKS-5.4.3"],
    remediation_steps="Name subnets whose route table leads to a NAT gateway, or nowhere.",
    url="https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html",
    validate=_validate,
)
