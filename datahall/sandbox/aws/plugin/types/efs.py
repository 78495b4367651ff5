"""File systems over NFS. API: Amazon EFS."""

from __future__ import annotations

from datahall.sandbox.aws.plugin.table import Call, Name, Text, Type, Wait, codes

_GONE = codes("FileSystemNotFound MountTargetNotFound PolicyNotFound")
_OF = {"FileSystemId": "$fileSystemId"}
_HOST = "{fileSystemId}.efs.{region}.amazonaws.com"

TYPES = (
    Type(
        type="aws:efs/fileSystem:FileSystem",
        service="efs",
        create=Call(
            op="create_file_system",
            props="creationToken availabilityZoneName encrypted kmsKeyId performanceMode throughputMode "
            "provisionedThroughputInMibps",
            args={"Tags": "$tagsAll"},
        ),
        id="FileSystemId",
        read=(
            Call(op="describe_file_systems", args={"FileSystemId": "$id"}, pick="FileSystems[0]"),
            Call(
                op="describe_lifecycle_configuration",
                args={"FileSystemId": "$id"},
                into={"lifecyclePolicies": "LifecyclePolicies"},
            ),
        ),
        update=(
            Call(
                op="put_lifecycle_configuration",
                props="lifecyclePolicies",
                args={"FileSystemId": "$id"},
                at_create=True,
            ),
            Call(
                op="update_file_system",
                props="throughputMode provisionedThroughputInMibps",
                args={"FileSystemId": "$id"},
            ),
            Call(
                op="update_file_system_protection",
                args={
                    "FileSystemId": "$id",
                    "ReplicationOverwriteProtection": "$protection.replicationOverwrite",
                },
                at_create=True,
            ),
            Call(op="untag_resource", args={"ResourceId": "$id", "TagKeys": "$-tagsAll"}),
            Call(op="tag_resource", args={"ResourceId": "$id", "Tags": "$+tagsAll"}),
        ),
        delete=(Call(op="delete_file_system", args={"FileSystemId": "$id"}),),
        outputs={
            "arn": "FileSystemArn",
            "dnsName": Text("{id}.efs.{region}.amazonaws.com"),
            "protection": "{replicationOverwrite: "
            "FileSystemProtection.ReplicationOverwriteProtection || 'ENABLED'}",
        },
        cleared={"lifecyclePolicies": []},
        defaults={"throughputMode": "bursting"},
        replace="availabilityZoneName creationToken encrypted kmsKeyId performanceMode",
        name=Name(property="creationToken", limit=64),
        gone=_GONE,
        wait=Wait(
            state="LifeCycleState",
            ready=codes("available"),
            failed=codes("error"),
            gone=codes("deleted"),
        ),
    ),
    Type(
        type="aws:efs/mountTarget:MountTarget",
        service="efs",
        create=Call(
            op="create_mount_target",
            props="fileSystemId subnetId ipAddress ipAddressType ipv6Address securityGroups",
        ),
        id="MountTargetId",
        read=(
            Call(op="describe_mount_targets", args={"MountTargetId": "$id"}, pick="MountTargets[0]"),
            Call(
                op="describe_mount_target_security_groups",
                args={"MountTargetId": "$id"},
                into={"securityGroups": "SecurityGroups"},
            ),
        ),
        update=(
            Call(
                op="modify_mount_target_security_groups",
                props="securityGroups",
                args={"MountTargetId": "$id"},
            ),
        ),
        delete=(Call(op="delete_mount_target", args={"MountTargetId": "$id"}),),
        outputs={
            "dnsName": Text(_HOST),
            "mountTargetDnsName": Text("{availabilityZoneName}." + _HOST),
            "fileSystemArn": Text("arn:aws:elasticfilesystem:{region}:{account}:file-system/{fileSystemId}"),
            "ipAddressType": "Ipv6Address && (IpAddress && 'DUAL_STACK' || 'IPV6_ONLY') || 'IPV4_ONLY'",
        },
        replace="fileSystemId subnetId ipAddress ipAddressType ipv6Address",
        gone=_GONE,
        delete_first=True,
        wait=Wait(
            state="LifeCycleState",
            ready=codes("available"),
            failed=codes("error"),
            gone=codes("deleted"),
        ),
    ),
    Type(
        type="aws:efs/fileSystemPolicy:FileSystemPolicy",
        service="efs",
        create=Call(op="put_file_system_policy", props="fileSystemId policy bypassPolicyLockoutSafetyCheck"),
        id="{fileSystemId}",
        read=(Call(op="describe_file_system_policy", args=_OF),),
        put=True,
        delete=(Call(op="delete_file_system_policy", args=_OF),),
        kept="bypassPolicyLockoutSafetyCheck",
        replace="fileSystemId",
        json="policy",
        gone=_GONE,
        delete_first=True,
    ),
    Type(
        type="aws:efs/backupPolicy:BackupPolicy",
        service="efs",
        create=Call(op="put_backup_policy", props="fileSystemId backupPolicy"),
        id="{fileSystemId}",
        read=(
            Call(
                op="describe_backup_policy",
                args=_OF,
                into={"backupPolicy": "BackupPolicy"},
            ),
        ),
        put=True,
        delete=(Call(op="put_backup_policy", args={**_OF, "BackupPolicy": {"Status": "DISABLED"}}),),
        outputs={"fileSystemId": Text("{id}")},
        replace="fileSystemId",
        gone=_GONE,
        delete_first=True,
    ),
)
