"""Cluster: EKS, its add-ons, its system nodes, and who may use it."""

from components.cluster.access import AccessEntry
from components.cluster.addons import ADDONS, Addon
from components.cluster.args import ClusterArgs, SystemPoolArgs
from components.cluster.cluster import Cluster, ClusterResources
from components.cluster.versions import NEWEST, VERSIONS, Support

__all__ = [
    "ADDONS",
    "NEWEST",
    "VERSIONS",
    "AccessEntry",
    "Addon",
    "Cluster",
    "ClusterArgs",
    "ClusterResources",
    "Support",
    "SystemPoolArgs",
]
