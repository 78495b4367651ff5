"""Log groups. API: Amazon CloudWatch Logs."""

from __future__ import annotations

from datahall.sandbox.aws.plugin.table import Call, Name, Text, Type, codes

_ARN = Text("arn:aws:logs:{region}:{account}:log-group:{id}")
_GROUP = {"logGroupName": "$id"}

TYPES = (
    Type(
        type="aws:cloudwatch/logGroup:LogGroup",
        service="logs",
        create=Call(
            op="create_log_group",
            props="kmsKeyId logGroupClass deletionProtectionEnabled",
            args={"logGroupName": "$name", "tags": "$tagsAll"},
        ),
        id="{name}",
        read=(
            Call(
                op="describe_log_groups",
                args={"logGroupNamePrefix": "$id"},
                pages=True,
                pick="logGroups[?logGroupName=='$id'] | [0]",
            ),
            Call(op="list_tags_for_resource", args={"resourceArn": _ARN}, into={"tagsAll": "tags"}),
        ),
        update=(
            Call(
                op="put_retention_policy",
                props="retentionInDays",
                args=_GROUP,
                needs="retentionInDays",
                at_create=True,
                fresh={"retentionInDays": 0},
            ),
            Call(op="delete_retention_policy", args=_GROUP, when={"retentionInDays": 0}),
            Call(op="associate_kms_key", props="kmsKeyId", args=_GROUP, needs="kmsKeyId"),
            Call(op="disassociate_kms_key", args=_GROUP, when={"kmsKeyId": ""}),
            Call(
                op="put_log_group_deletion_protection",
                props="deletionProtectionEnabled",
                args={"logGroupIdentifier": "$id"},
            ),
            Call(op="untag_resource", args={"resourceArn": _ARN, "tagKeys": "$-tagsAll"}),
            Call(op="tag_resource", args={"resourceArn": _ARN, "tags": "$+tagsAll"}),
        ),
        delete=(Call(op="delete_log_group", args=_GROUP, when={"skipDestroy": False}),),
        outputs={"arn": _ARN, "name": "logGroupName"},
        defaults={"retentionInDays": 0, "skipDestroy": False},
        kept="skipDestroy",
        used="namePrefix",
        replace="name namePrefix logGroupClass",
        name=Name(property="name", limit=512, prefix_property="namePrefix"),
        at_most_one=("name namePrefix",),
        gone=codes("ResourceNotFoundException"),
    ),
)
