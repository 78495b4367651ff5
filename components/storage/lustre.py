"""FSx for Lustre in front of the data bucket: a fast cache whose every file is exported to S3."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._options import after
from components._tags import Tags, tagged
from components.storage.args import LustreArgs
from components.storage.buckets import Bucket

_EVENTS = ("NEW", "CHANGED", "DELETED")


@dataclass(frozen=True, kw_only=True)
class Lustre:
    """The file system, its log group, and its link to the data bucket."""

    file_system: aws.fsx.LustreFileSystem
    log_group: aws.cloudwatch.LogGroup
    link: aws.fsx.DataRepositoryAssociation


def build_lustre(
    name: str,
    subnet_id: pulumi.Input[str],
    security_group: aws.ec2.SecurityGroup,
    data: Bucket,
    args: LustreArgs,
    *,
    key_arn: pulumi.Input[str],
    logs_key_arn: pulumi.Input[str],
    log_retention_days: int,
    tags: Tags,
    keep: pulumi.ResourceOptions,
    opts: pulumi.ResourceOptions,
) -> Lustre:
    """Its root is the data bucket, so what is written there is durable, versioned and backed up in S3.

    FSx makes no backups of a file system that is linked to a bucket (user guide, "Working with backups"),
    hence none are asked for: the bucket's are its own.
    """
    # FSx accepts only log groups whose names begin with /aws/fsx/
    log_group = aws.cloudwatch.LogGroup(
        f"{name}-lustre",
        name=f"/aws/fsx/{name}",
        kms_key_id=logs_key_arn,
        retention_in_days=log_retention_days,
        tags=tagged(f"{name}-lustre", tags),
        opts=opts,
    )
    file_system = aws.fsx.LustreFileSystem(
        f"{name}-lustre",
        deployment_type="PERSISTENT_2",
        file_system_type_version="2.15",
        storage_type="SSD",
        storage_capacity=args.capacity_gib,
        per_unit_storage_throughput=args.throughput_per_tib,
        data_compression_type="LZ4",
        automatic_backup_retention_days=0,
        kms_key_id=key_arn,
        subnet_ids=subnet_id,
        security_group_ids=[security_group.id],
        log_configuration=aws.fsx.LustreFileSystemLogConfigurationArgs(
            level=args.log_level, destination=log_group.arn
        ),
        tags=tagged(f"{name}-lustre", tags),
        opts=keep,
    )
    link = aws.fsx.DataRepositoryAssociation(
        f"{name}-lustre-data",
        file_system_id=file_system.id,
        file_system_path="/",
        data_repository_path=pulumi.Output.concat("s3://", data.bucket.bucket),
        batch_import_meta_data_on_create=True,
        s3=aws.fsx.DataRepositoryAssociationS3Args(
            auto_import_policy=aws.fsx.DataRepositoryAssociationS3AutoImportPolicyArgs(events=_EVENTS),
            auto_export_policy=aws.fsx.DataRepositoryAssociationS3AutoExportPolicyArgs(events=_EVENTS),
        ),
        tags=tagged(f"{name}-lustre-data", tags),
        opts=after(opts, *data.settled),
    )
    return Lustre(file_system=file_system, log_group=log_group, link=link)
