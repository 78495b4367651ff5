"""Lustre file systems. API: Amazon FSx."""

from __future__ import annotations

from datahall.sandbox.aws.plugin.table import Call, Text, Type, Wait, codes

_CONFIG = (  # members of LustreConfiguration
    "autoImportPolicy automaticBackupRetentionDays copyTagsToBackups dailyAutomaticBackupStartTime "
    "dataCompressionType dataReadCacheConfiguration deploymentType driveCacheType efaEnabled "
    "exportPath importPath "
    "importedFileChunkSize logConfiguration metadataConfiguration perUnitStorageThroughput "
    "rootSquashConfiguration throughputCapacity weeklyMaintenanceStartTime"
)
_CHANGEABLE = (
    "autoImportPolicy automaticBackupRetentionDays dailyAutomaticBackupStartTime dataCompressionType "
    "dataReadCacheConfiguration logConfiguration metadataConfiguration perUnitStorageThroughput "
    "rootSquashConfiguration throughputCapacity weeklyMaintenanceStartTime"
)
_ARN = {"ResourceARN": "$state.arn"}
_TAGS = (
    Call(op="untag_resource", args={**_ARN, "TagKeys": "$-tagsAll"}),
    Call(op="tag_resource", args={**_ARN, "Tags": "$+tagsAll"}),
)
_WAIT = Wait(
    state="Lifecycle",
    ready=codes("AVAILABLE"),
    failed=codes("FAILED MISCONFIGURED MISCONFIGURED_UNAVAILABLE"),
    reason="FailureDetails.Message",
)


def _members(names: str) -> dict[str, str]:
    return {name[0].upper() + name[1:]: f"${name}" for name in names.split()}


TYPES = (
    Type(
        type="aws:fsx/lustreFileSystem:LustreFileSystem",
        service="fsx",
        create=Call(
            op="create_file_system",
            props="storageCapacity storageType subnetIds securityGroupIds kmsKeyId fileSystemTypeVersion",
            args={
                "FileSystemType": "LUSTRE",
                "LustreConfiguration": _members(_CONFIG),
                "ClientRequestToken": "$token",
                "Tags": "$tagsAll",
            },
            pick="FileSystem",
        ),
        id="FileSystemId",
        read=(
            Call(
                op="describe_file_systems",
                args={"FileSystemIds": ["$id"]},
                pick="FileSystems[0]",
                parts="LustreConfiguration LustreConfiguration.DataRepositoryConfiguration",
            ),
        ),
        update=(
            Call(
                op="update_file_system",
                props="storageCapacity fileSystemTypeVersion",
                args={
                    "FileSystemId": "$id",
                    "ClientRequestToken": "$token",
                    "LustreConfiguration": _members(_CHANGEABLE),
                },
                settles=True,
            ),
            *_TAGS,
        ),
        delete=(
            Call(
                op="delete_file_system",
                args={
                    "FileSystemId": "$id",
                    "LustreConfiguration": {
                        "SkipFinalBackup": "$skipFinalBackup",
                        "FinalBackupTags": "$finalBackupTags",
                    },
                },
            ),
        ),
        outputs={"arn": "ResourceARN"},
        names={"dataReadCacheConfiguration.size": "SizeGiB"},
        defaults={"skipFinalBackup": True, "storageType": "SSD", "deploymentType": "SCRATCH_1"},
        kept="finalBackupTags skipFinalBackup securityGroupIds",
        replace="subnetIds copyTagsToBackups deploymentType driveCacheType efaEnabled exportPath importPath "
        "importedFileChunkSize kmsKeyId securityGroupIds storageType",
        refused="backupId",
        gone=codes("FileSystemNotFound"),
        wait=_WAIT,
    ),
    Type(
        type="aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
        service="fsx",
        create=Call(
            op="create_data_repository_association",
            props="dataRepositoryPath fileSystemId fileSystemPath batchImportMetaDataOnCreate "
            "importedFileChunkSize s3",
            args={"ClientRequestToken": "$token", "Tags": "$tagsAll"},
            pick="Association",
        ),
        id="AssociationId",
        read=(
            Call(
                op="describe_data_repository_associations",
                args={"AssociationIds": ["$id"]},
                pick="Associations[0]",
            ),
        ),
        update=(
            Call(
                op="update_data_repository_association",
                props="importedFileChunkSize s3",
                args={"AssociationId": "$id", "ClientRequestToken": "$token"},
                settles=True,
            ),
            *_TAGS,
        ),
        delete=(
            Call(
                op="delete_data_repository_association",
                args={"AssociationId": "$id", "DeleteDataInFileSystem": "$deleteDataInFilesystem"},
            ),
        ),
        outputs={"arn": "ResourceARN", "associationId": Text("{id}")},
        defaults={"batchImportMetaDataOnCreate": False, "deleteDataInFilesystem": False},
        kept="deleteDataInFilesystem",
        replace="dataRepositoryPath fileSystemId fileSystemPath batchImportMetaDataOnCreate",
        gone=codes("DataRepositoryAssociationNotFound"),
        wait=_WAIT,
    ),
)
