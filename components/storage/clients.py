"""Security groups of the file systems: only members of the clients' group reach them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._tags import Tags, tagged

NFS = (2049, 2049)
LUSTRE = ((988, 988), (1018, 1023))
"""Ports of Lustre's LNET (FSx for Lustre user guide, "File system access control with Amazon VPC")."""


@dataclass(frozen=True, kw_only=True)
class FileSystemGroups:
    """``clients`` is for nodes to join; the other two are the file systems' own."""

    clients: aws.ec2.SecurityGroup
    efs: aws.ec2.SecurityGroup
    lustre: aws.ec2.SecurityGroup


def build_groups(
    name: str, vpc_id: pulumi.Input[str], *, tags: Tags, opts: pulumi.ResourceOptions
) -> FileSystemGroups:
    """NFS from clients to EFS; LNET both ways between clients and Lustre, and within Lustre."""

    def group(suffix: str, description: str) -> aws.ec2.SecurityGroup:
        full = f"{name}-{suffix}"
        return aws.ec2.SecurityGroup(
            full, description=description, vpc_id=vpc_id, tags=tagged(full, tags), opts=opts
        )

    groups = FileSystemGroups(
        clients=group("storage-clients", "nodes that mount the file systems"),
        efs=group("efs", "EFS mount targets"),
        lustre=group("lustre", "FSx for Lustre"),
    )
    passes = [
        ("efs", groups.clients, groups.efs, NFS),
        *[(f"lustre-{low}", groups.clients, groups.lustre, (low, high)) for low, high in LUSTRE],
        *[(f"lustre-back-{low}", groups.lustre, groups.clients, (low, high)) for low, high in LUSTRE],
        *[(f"lustre-self-{low}", groups.lustre, groups.lustre, (low, high)) for low, high in LUSTRE],
    ]
    for label, source, target, ports in passes:
        _allow(f"{name}-{label}", source, target, ports, tags=tags, opts=opts)
    return groups


def _allow(
    name: str,
    source: aws.ec2.SecurityGroup,
    target: aws.ec2.SecurityGroup,
    ports: tuple[int, int],
    *,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> None:
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-out",
        security_group_id=source.id,
        referenced_security_group_id=target.id,
        ip_protocol="tcp",
        from_port=ports[0],
        to_port=ports[1],
        tags=tagged(f"{name}-out", tags),
        opts=opts,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-in",
        security_group_id=target.id,
        referenced_security_group_id=source.id,
        ip_protocol="tcp",
        from_port=ports[0],
        to_port=ports[1],
        tags=tagged(f"{name}-in", tags),
        opts=opts,
    )
