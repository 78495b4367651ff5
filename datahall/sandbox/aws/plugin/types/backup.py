"""Backup vaults, plans and what they back up. API: AWS Backup."""

from __future__ import annotations

from typing import Any

from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Name, Type, codes

_GONE = codes("ResourceNotFoundException")
_VAULT = {"BackupVaultName": "$id"}
_SELECTION = {"BackupPlanId": "$planId", "SelectionId": "$id"}
_PLAN = {
    "BackupPlanName": "$name",
    "Rules": "$rules",
    "AdvancedBackupSettings": "$advancedBackupSettings",
}
_LIFECYCLE = {
    "coldStorageAfter": "MoveToColdStorageAfterDays",
    "deleteAfter": "DeleteAfterDays",
}
_TAGS = (
    Call(op="untag_resource", args={"ResourceArn": "$state.arn", "TagKeyList": "$-tagsAll"}),
    Call(op="tag_resource", args={"ResourceArn": "$state.arn", "Tags": "$+tagsAll"}),
)


def _empty_vault(run: Run) -> None:
    """A vault with recovery points cannot be deleted; forceDestroy deletes them."""
    if not run.new.get("forceDestroy"):
        return
    client = run.client()
    pages = client.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=run.id)
    for point in pages.search("RecoveryPoints"):
        client.delete_recovery_point(BackupVaultName=run.id, RecoveryPointArn=point["RecoveryPointArn"])


def _read_tags(run: Run, found: dict[str, Any]) -> None:
    found["tagsAll"] = run.client().list_tags(ResourceArn=found["arn"])["Tags"]


def _conditions() -> dict[str, str]:
    kinds = ("stringEquals", "stringLikes", "stringNotEquals", "stringNotLikes")
    return {
        f"conditions.{kind}.{name}": member
        for kind in kinds
        for name, member in (("key", "ConditionKey"), ("value", "ConditionValue"))
    }


TYPES = (
    Type(
        type="aws:backup/vault:Vault",
        service="backup",
        create=Call(
            op="create_backup_vault",
            args={
                "BackupVaultName": "$name",
                "EncryptionKeyArn": "$kmsKeyArn",
                "BackupVaultTags": "$tagsAll",
                "CreatorRequestId": "$token",
            },
        ),
        id="{name}",
        read=(
            Call(op="describe_backup_vault", args=_VAULT),
            _read_tags,
        ),
        update=_TAGS,
        delete=(_empty_vault, Call(op="delete_backup_vault", args=_VAULT)),
        outputs={
            "arn": "BackupVaultArn",
            "name": "BackupVaultName",
            "kmsKeyArn": "EncryptionKeyArn",
            "recoveryPoints": "NumberOfRecoveryPoints",
        },
        defaults={"forceDestroy": False},
        kept="forceDestroy",
        replace="name kmsKeyArn",
        name=Name(property="name", limit=50),
        gone=_GONE,
    ),
    Type(
        type="aws:backup/plan:Plan",
        service="backup",
        create=Call(
            op="create_backup_plan",
            args={"BackupPlan": _PLAN, "BackupPlanTags": "$tagsAll", "CreatorRequestId": "$token"},
        ),
        id="BackupPlanId",
        read=(
            Call(
                op="get_backup_plan",
                args={"BackupPlanId": "$id"},
                into={
                    "arn": "BackupPlanArn",
                    "version": "VersionId",
                    "name": "BackupPlan.BackupPlanName",
                    "rules": "BackupPlan.Rules",
                    "advancedBackupSettings": "BackupPlan.AdvancedBackupSettings",
                },
            ),
            _read_tags,
        ),
        update=(
            Call(op="update_backup_plan", args={"BackupPlanId": "$id", "BackupPlan": _PLAN}),
            *_TAGS,
        ),
        delete=(Call(op="delete_backup_plan", args={"BackupPlanId": "$id"}),),
        names={
            "rules.targetVaultName": "TargetBackupVaultName",
            "rules.schedule": "ScheduleExpression",
            "rules.startWindow": "StartWindowMinutes",
            "rules.completionWindow": "CompletionWindowMinutes",
            **{f"rules.lifecycle.{name}": member for name, member in _LIFECYCLE.items()},
            **{f"rules.copyActions.lifecycle.{name}": member for name, member in _LIFECYCLE.items()},
        },
        moving="version",
        replace="name",
        refused="scanSettings",
        name=Name(property="name", limit=50),
        gone=_GONE,
    ),
    Type(
        type="aws:backup/selection:Selection",
        service="backup",
        create=Call(
            op="create_backup_selection",
            args={
                "BackupPlanId": "$planId",
                "CreatorRequestId": "$token",
                "BackupSelection": {
                    "SelectionName": "$name",
                    "IamRoleArn": "$iamRoleArn",
                    "Resources": "$resources",
                    "NotResources": "$notResources",
                    "ListOfTags": "$selectionTags",
                    "Conditions": "$conditions",
                },
            },
        ),
        id="SelectionId",
        import_id="{planId}|{id}",
        read=(
            Call(
                op="get_backup_selection",
                args=_SELECTION,
                into={
                    "planId": "BackupPlanId",
                    "name": "BackupSelection.SelectionName",
                    "iamRoleArn": "BackupSelection.IamRoleArn",
                    "resources": "BackupSelection.Resources",
                    "notResources": "BackupSelection.NotResources",
                    "selectionTags": "BackupSelection.ListOfTags",
                    "conditions": "BackupSelection.Conditions && [BackupSelection.Conditions]",
                },
            ),
        ),
        delete=(Call(op="delete_backup_selection", args=_SELECTION),),
        names={
            "selectionTags.key": "ConditionKey",
            "selectionTags.value": "ConditionValue",
            "selectionTags.type": "ConditionType",
            **_conditions(),
        },
        replace="planId name iamRoleArn resources notResources selectionTags conditions",
        name=Name(property="name", limit=50),
        gone=_GONE,
        delete_first=True,
    ),
)
