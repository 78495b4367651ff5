"""Keys and aliases. API: AWS Key Management Service."""

from __future__ import annotations

from typing import Any

from datahall.sandbox.aws.plugin.reading import GoneError
from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Name, Type, Wait, codes


def _read_alias(run: Run, found: dict[str, Any]) -> None:
    """KMS describes no single alias; the target is kept in the words of the program (id or ARN)."""
    pages = run.client().get_paginator("list_aliases").paginate()
    for alias in pages.search("Aliases"):
        if alias["AliasName"] == run.id:
            target, given = alias.get("TargetKeyId", ""), str(run.new.get("targetKeyId") or "")
            found.update(
                name=run.id,
                arn=alias["AliasArn"],
                targetKeyId=given if given.rsplit("/", 1)[-1] == target else target,
                targetKeyArn=alias["AliasArn"].rsplit(":", 1)[0] + f":key/{target}",
            )
            return
    raise GoneError(run.id)


TYPES = (
    Type(
        type="aws:kms/key:Key",
        service="kms",
        create=Call(
            op="create_key",
            props="description keyUsage multiRegion policy customKeyStoreId xksKeyId",
            args={
                "KeySpec": "$customerMasterKeySpec",
                "BypassPolicyLockoutSafetyCheck": "$bypassPolicyLockoutSafetyCheck",
                "Tags": "$tagsAll",
            },
            pick="KeyMetadata",
        ),
        id="KeyId",
        read=(
            Call(op="describe_key", args={"KeyId": "$id"}, pick="KeyMetadata"),
            Call(
                op="get_key_policy",
                args={"KeyId": "$id", "PolicyName": "default"},
                into={"policy": "Policy"},
            ),
            Call(
                op="get_key_rotation_status",
                args={"KeyId": "$id"},
                into={
                    "enableKeyRotation": "KeyRotationEnabled",
                    "rotationPeriodInDays": "RotationPeriodInDays",
                },
                absent=codes("UnsupportedOperationException"),
            ),
            Call(op="list_resource_tags", args={"KeyId": "$id"}, into={"tagsAll": "Tags"}),
        ),
        update=(
            Call(
                op="enable_key_rotation",
                args={"KeyId": "$id"},
                props="rotationPeriodInDays",
                when={"enableKeyRotation": True},
                at_create=True,
            ),
            Call(op="disable_key_rotation", args={"KeyId": "$id"}, when={"enableKeyRotation": False}),
            Call(op="enable_key", args={"KeyId": "$id"}, when={"isEnabled": True}),
            Call(
                op="disable_key",
                args={"KeyId": "$id"},
                when={"isEnabled": False},
                at_create=True,
            ),
            Call(op="update_key_description", args={"KeyId": "$id"}, props="description"),
            Call(
                op="put_key_policy",
                args={
                    "KeyId": "$id",
                    "PolicyName": "default",
                    "BypassPolicyLockoutSafetyCheck": "$bypassPolicyLockoutSafetyCheck",
                },
                props="policy",
                needs="policy",
            ),
            Call(op="untag_resource", args={"KeyId": "$id", "TagKeys": "$-tagsAll"}),
            Call(op="tag_resource", args={"KeyId": "$id", "Tags": "$+tagsAll"}),
        ),
        delete=(
            Call(
                op="schedule_key_deletion",
                args={"KeyId": "$id", "PendingWindowInDays": "$deletionWindowInDays"},
            ),
        ),
        outputs={
            "keyId": "KeyId",
            "customerMasterKeySpec": "KeySpec || CustomerMasterKeySpec",
            "isEnabled": "Enabled",
            "xksKeyId": "XksKeyConfiguration.Id",
        },
        defaults={
            "bypassPolicyLockoutSafetyCheck": False,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
        },
        cleared={"description": "", "enableKeyRotation": False},
        kept="deletionWindowInDays bypassPolicyLockoutSafetyCheck",
        replace="customKeyStoreId customerMasterKeySpec keyUsage multiRegion xksKeyId",
        json="policy",
        gone=codes("NotFoundException KMSInvalidStateException"),
        wait=Wait(
            state="KeyState",
            ready=codes("Enabled Disabled"),
            gone=codes("PendingDeletion PendingReplicaDeletion"),
        ),
    ),
    Type(
        type="aws:kms/alias:Alias",
        service="kms",
        create=Call(op="create_alias", args={"AliasName": "$name", "TargetKeyId": "$targetKeyId"}),
        id="{name}",
        read=(_read_alias,),
        update=(Call(op="update_alias", args={"AliasName": "$id", "TargetKeyId": "$targetKeyId"}),),
        delete=(Call(op="delete_alias", args={"AliasName": "$id"}),),
        used="namePrefix",
        replace="name namePrefix",
        at_most_one=("name namePrefix",),
        name=Name(property="name", limit=256, prefix_property="namePrefix", start="alias/"),
        gone=codes("NotFoundException"),
    ),
)
