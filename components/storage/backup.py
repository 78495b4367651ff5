"""Backups of everything that holds state, in a vault with a key of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._location import Location
from components._options import after
from components._policy import assumed_by
from components._tags import Tags, tagged
from components.storage.args import BackupArgs

_POLICIES = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "AWSBackupServiceRolePolicyForS3Backup",
    "AWSBackupServiceRolePolicyForS3Restore",
)


@dataclass(frozen=True, kw_only=True)
class Backups:
    """The vault, the plan, and what the plan covers."""

    vault: aws.backup.Vault
    plan: aws.backup.Plan
    role: aws.iam.Role
    selection: aws.backup.Selection


def build_backups(
    name: str,
    resource_arns: Sequence[pulumi.Input[str]],
    args: BackupArgs,
    *,
    key_arn: pulumi.Input[str],
    where: Location,
    force_destroy: bool,
    tags: Tags,
    keep: pulumi.ResourceOptions,
    opts: pulumi.ResourceOptions,
) -> Backups:
    """One daily rule over ``resource_arns``, by a role that only AWS Backup of this account may assume."""
    vault = aws.backup.Vault(
        f"{name}-backup",
        name=f"{name}-backup",
        kms_key_arn=key_arn,
        force_destroy=force_destroy,
        tags=tagged(f"{name}-backup", tags),
        opts=keep,
    )
    plan = aws.backup.Plan(
        f"{name}-backup",
        name=f"{name}-backup",
        rules=[
            aws.backup.PlanRuleArgs(
                rule_name="scheduled",
                target_vault_name=vault.name,
                schedule=args.schedule,
                start_window=60,
                completion_window=720,
                lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=args.keep_days),
            )
        ],
        tags=tagged(f"{name}-backup", tags),
        opts=opts,
    )
    role = aws.iam.Role(
        f"{name}-backup",
        assume_role_policy=assumed_by(
            "backup.amazonaws.com", condition={"StringEquals": {"aws:SourceAccount": where.account}}
        ),
        tags=tagged(f"{name}-backup", tags),
        opts=opts,
    )
    attachments = [
        aws.iam.RolePolicyAttachment(
            f"{name}-backup-{policy.rpartition('PolicyFor')[2].lower()}",
            role=role.name,
            policy_arn=where.managed_policy(policy),
            opts=opts,
        )
        for policy in _POLICIES
    ]
    selection = aws.backup.Selection(
        f"{name}-backup",
        name=f"{name}-stateful",
        plan_id=plan.id,
        iam_role_arn=role.arn,
        resources=resource_arns,
        opts=after(opts, *attachments),
    )
    return Backups(vault=vault, plan=plan, role=role, selection=selection)
