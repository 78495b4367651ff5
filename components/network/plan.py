"""How a VPC's address space is cut: most of it private, the last quarter public."""

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """One block a zone, in the zones' order."""

    private: tuple[IPv4Network, ...]
    public: tuple[IPv4Network, ...]


def plan_subnets(cidr: IPv4Network, zones: int) -> SubnetPlan:
    """Quarters of ``cidr`` for up to three private subnets; sixteenths of the last quarter's for public ones.

    A /16 gives /18 private (16,379 addresses each, for pods and EFA interfaces) and /20 public subnets.
    """
    quarters = list(cidr.subnets(prefixlen_diff=2))
    return SubnetPlan(
        private=tuple(quarters[:zones]),
        public=tuple(list(quarters[3].subnets(prefixlen_diff=2))[:zones]),
    )
