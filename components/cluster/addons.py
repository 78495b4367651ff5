"""The add-ons of a cluster, as data: what each needs, and whether nodes need it first."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Addon:
    """``service_accounts`` (in kube-system) share one role of their own, with the AWS-managed ``policies``.

    ``before_nodes``: without it, nodes do not become ready; the others wait for nodes to run on.
    ``uses_volumes_key``: creates encrypted volumes, so it may use the data key.
    """

    before_nodes: bool = False
    service_accounts: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    uses_volumes_key: bool = False


ADDONS: Mapping[str, Addon] = {
    "vpc-cni": Addon(before_nodes=True, service_accounts=("aws-node",), policies=("AmazonEKS_CNI_Policy",)),
    "kube-proxy": Addon(before_nodes=True),
    "eks-pod-identity-agent": Addon(before_nodes=True),
    "coredns": Addon(),
    "metrics-server": Addon(),
    "eks-node-monitoring-agent": Addon(),
    "aws-ebs-csi-driver": Addon(
        service_accounts=("ebs-csi-controller-sa",),
        policies=("service-role/AmazonEBSCSIDriverPolicy",),
        uses_volumes_key=True,
    ),
    "aws-efs-csi-driver": Addon(
        service_accounts=("efs-csi-controller-sa", "efs-csi-node-sa"),
        policies=("service-role/AmazonEFSCSIDriverPolicy",),
        actions=("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"),
    ),
    # only the file system that Storage makes is mounted, so the driver need not create any
    "aws-fsx-csi-driver": Addon(
        service_accounts=("fsx-csi-controller-sa",), actions=("fsx:DescribeFileSystems",)
    ),
}

REQUIRED = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns")
"""Without these, no pod has a network, a name service or an identity."""
