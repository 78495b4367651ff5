"""Network: the VPC and everything that decides who may talk to whom."""

from components.network.args import (
    CLUSTER_ENDPOINTS,
    GATEWAY_ENDPOINTS,
    INTERFACE_ENDPOINTS,
    NetworkArgs,
)
from components.network.network import Network, NetworkResources
from components.network.plan import SubnetPlan, plan_subnets

__all__ = [
    "CLUSTER_ENDPOINTS",
    "GATEWAY_ENDPOINTS",
    "INTERFACE_ENDPOINTS",
    "Network",
    "NetworkArgs",
    "NetworkResources",
    "SubnetPlan",
    "plan_subnets",
]
