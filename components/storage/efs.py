"""EFS for home folders and small shared files: encrypted at rest and in transit, backed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._location import Location
from components._policy import allow, deny, document
from components._tags import Tags, tagged


@dataclass(frozen=True, kw_only=True)
class Efs:
    """The file system, and a mount target in each subnet."""

    file_system: aws.efs.FileSystem
    mount_targets: tuple[aws.efs.MountTarget, ...]
    policy: aws.efs.FileSystemPolicy
    backup_policy: aws.efs.BackupPolicy


def build_efs(
    name: str,
    subnet_ids: Sequence[pulumi.Input[str]],
    security_group: aws.ec2.SecurityGroup,
    *,
    key_arn: pulumi.Input[str],
    where: Location,
    tags: Tags,
    keep: pulumi.ResourceOptions,
    opts: pulumi.ResourceOptions,
) -> Efs:
    """Mounts need TLS and an IAM identity of this account (``mount -o tls,iam``)."""
    file_system = aws.efs.FileSystem(
        f"{name}-efs",
        encrypted=True,
        kms_key_id=key_arn,
        performance_mode="generalPurpose",
        throughput_mode="elastic",
        lifecycle_policies=[
            aws.efs.FileSystemLifecyclePolicyArgs(transition_to_ia="AFTER_30_DAYS"),
            aws.efs.FileSystemLifecyclePolicyArgs(transition_to_primary_storage_class="AFTER_1_ACCESS"),
        ],
        tags=tagged(f"{name}-efs", tags),
        opts=keep,
    )
    mount_targets = tuple(
        aws.efs.MountTarget(
            f"{name}-efs-{index}",
            file_system_id=file_system.id,
            subnet_id=subnet_id,
            security_groups=[security_group.id],
            opts=opts,
        )
        for index, subnet_id in enumerate(subnet_ids)
    )
    policy = aws.efs.FileSystemPolicy(
        f"{name}-efs",
        file_system_id=file_system.id,
        policy=document(
            [
                allow(
                    "MountFromThisAccount",
                    ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                    principal={"AWS": where.iam_arn("root")},
                    resources=file_system.arn,
                    condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
                ),
                deny(
                    "DenyPlainNfs",
                    ["elasticfilesystem:Client*"],
                    resources=file_system.arn,
                    condition={"Bool": {"aws:SecureTransport": "false"}},
                ),
            ]
        ),
        opts=opts,
    )
    backup_policy = aws.efs.BackupPolicy(
        f"{name}-efs",
        file_system_id=file_system.id,
        backup_policy=aws.efs.BackupPolicyBackupPolicyArgs(status="ENABLED"),
        opts=opts,
    )
    return Efs(
        file_system=file_system, mount_targets=mount_targets, policy=policy, backup_policy=backup_policy
    )
