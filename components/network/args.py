"""What a Network may be told, and what of it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Literal

import pulumi

from components._networks import private_network
from components._tags import Tags
from components.checks import check_choice, check_range, check_retention, check_tags
from components.errors import InvalidArgs, near

GATEWAY_ENDPOINTS = ("s3", "dynamodb")

INTERFACE_ENDPOINTS = (
    "autoscaling",
    "backup",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticfilesystem",
    "elasticloadbalancing",
    "fsx",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
)
"""Services whose interface endpoints may be asked for (com.amazonaws.REGION.SERVICE)."""

CLUSTER_ENDPOINTS = (
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticfilesystem",
    "fsx",
    "kms",
    "logs",
    "ssm",
    "ssmmessages",
    "sts",
)
"""What the nodes of a private EKS cluster call: without them, only NAT would reach these services."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """A VPC over two or three zones; its traffic is logged and its default security group closed, always.

    ``log_key_arn`` is the customer-managed key for the flow logs; ``zones`` a count (the region's first
    ones) or names; ``nat`` is ``zone`` (a gateway in each) or ``single`` (cheaper, one zone's fate).
    """

    log_key_arn: pulumi.Input[str]
    cidr: IPv4Network | str = "10.0.0.0/16"
    zones: int | Sequence[str] = 3
    nat: Literal["zone", "single"] = "zone"
    gateway_endpoints: Sequence[str] = ("s3",)
    interface_endpoints: Sequence[str] = CLUSTER_ENDPOINTS
    flow_log_retention_days: int = 365
    tags: Tags = field(default_factory=dict)

    def __post_init__(self) -> None:
        private_network("cidr", self.cidr, "use 10.0.0.0/16", largest=16, smallest=20)
        if isinstance(self.zones, int):
            check_range("zones", self.zones, 2, 3, "EKS needs two, three survive the loss of one better")
        else:
            names = list(self.zones)
            if isinstance(self.zones, str) or len(names) not in (2, 3) or len(set(names)) != len(names):
                raise InvalidArgs(
                    "zones", self.zones, "must be 2 or 3 different zones", "name each zone once"
                )
        check_choice("nat", self.nat, ("zone", "single"))
        _check_services("gateway_endpoints", self.gateway_endpoints, GATEWAY_ENDPOINTS, "s3")
        _check_services("interface_endpoints", self.interface_endpoints, INTERFACE_ENDPOINTS, "ec2")
        check_retention("flow_log_retention_days", self.flow_log_retention_days)
        check_tags("tags", self.tags)

    @property
    def network(self) -> IPv4Network:
        """The VPC's address space."""
        return IPv4Network(self.cidr)

    @property
    def zone_count(self) -> int:
        """Two or three."""
        return self.zones if isinstance(self.zones, int) else len(self.zones)


def _check_services(name: str, given: Sequence[str], known: Sequence[str], needed: str) -> None:
    if isinstance(given, str):
        raise InvalidArgs(name, given, "must be a list of services", f"write [{given}]")
    for service in given:
        if service not in known:
            raise InvalidArgs(name, service, "is no service with such an endpoint", near(service, known))
    if len(set(given)) != len(given):
        raise InvalidArgs(name, ", ".join(given), "must name a service once", "remove the repeated one")
    if needed not in given:
        raise InvalidArgs(name, ", ".join(given) or "(empty)", f"must have {needed}", f"add {needed}")
