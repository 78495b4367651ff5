"""Everything that holds state: buckets, images, file systems, and their backups."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._location import location
from components._options import protected
from components.checks import check_name
from components.storage.args import StorageArgs
from components.storage.backup import Backups, build_backups
from components.storage.buckets import CHECKPOINTS, DATA, REGISTRY, Bucket, build_bucket
from components.storage.clients import FileSystemGroups, build_groups
from components.storage.efs import Efs, build_efs
from components.storage.images import build_repository
from components.storage.lustre import Lustre, build_lustre


@dataclass(frozen=True, kw_only=True)
class StorageResources:
    """What a Storage is made of; repositories are keyed by their short names."""

    data: Bucket
    checkpoints: Bucket
    registry: Bucket
    repositories: dict[str, aws.ecr.Repository]
    groups: FileSystemGroups
    efs: Efs
    lustre: Lustre
    backups: Backups


class Storage(pulumi.ComponentResource):
    """Buckets for data, checkpoints and models; images; EFS; Lustre in front of the data bucket; backups."""

    data_bucket: pulumi.Output[str]
    data_bucket_arn: pulumi.Output[str]
    checkpoint_bucket: pulumi.Output[str]
    checkpoint_bucket_arn: pulumi.Output[str]
    registry_bucket: pulumi.Output[str]
    registry_bucket_arn: pulumi.Output[str]
    repository_urls: dict[str, pulumi.Output[str]]
    client_security_group_id: pulumi.Output[str]
    file_system_id: pulumi.Output[str]
    lustre_file_system_id: pulumi.Output[str]
    lustre_dns_name: pulumi.Output[str]
    lustre_mount_name: pulumi.Output[str]
    backup_vault_name: pulumi.Output[str]

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_name("name", name)
        super().__init__("datahall:components:Storage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        keep = protected(child, args.deletion_protection)
        where = location(self)

        # 1 - buckets
        data, checkpoints, registry = (
            build_bucket(
                f"{name}-{purpose}",
                tiers,
                key_arn=args.data_key_arn,
                force_destroy=args.force_destroy,
                tags=args.tags,
                keep=keep,
                opts=child,
            )
            for purpose, tiers in (("data", DATA), ("checkpoints", CHECKPOINTS), ("registry", REGISTRY))
        )

        # 2 - images
        repositories = {
            repository: build_repository(
                name,
                repository,
                key_arn=args.data_key_arn,
                force_destroy=args.force_destroy,
                tags=args.tags,
                keep=keep,
                opts=child,
            )
            for repository in args.repositories
        }

        # 3 - file systems, and the group that nodes join to reach them
        groups = build_groups(name, args.vpc_id, tags=args.tags, opts=child)
        efs = build_efs(
            name,
            args.subnet_ids,
            groups.efs,
            key_arn=args.data_key_arn,
            where=where,
            tags=args.tags,
            keep=keep,
            opts=child,
        )
        lustre = build_lustre(
            name,
            args.subnet_ids[0] if args.lustre_subnet_id is None else args.lustre_subnet_id,
            groups.lustre,
            data,
            args.lustre,
            key_arn=args.data_key_arn,
            logs_key_arn=args.logs_key_arn,
            log_retention_days=args.log_retention_days,
            tags=args.tags,
            keep=keep,
            opts=child,
        )

        # 4 - backups; Lustre's content is the data bucket's
        backups = build_backups(
            name,
            [data.bucket.arn, checkpoints.bucket.arn, registry.bucket.arn, efs.file_system.arn],
            args.backup,
            key_arn=args.backup_key_arn,
            where=where,
            force_destroy=args.force_destroy,
            tags=args.tags,
            keep=keep,
            opts=child,
        )

        self.resources = StorageResources(
            data=data,
            checkpoints=checkpoints,
            registry=registry,
            repositories=repositories,
            groups=groups,
            efs=efs,
            lustre=lustre,
            backups=backups,
        )
        self.data_bucket = data.bucket.bucket
        self.data_bucket_arn = data.bucket.arn
        self.checkpoint_bucket = checkpoints.bucket.bucket
        self.checkpoint_bucket_arn = checkpoints.bucket.arn
        self.registry_bucket = registry.bucket.bucket
        self.registry_bucket_arn = registry.bucket.arn
        self.repository_urls = {short: made.repository_url for short, made in repositories.items()}
        self.client_security_group_id = groups.clients.id
        self.file_system_id = efs.file_system.id
        self.lustre_file_system_id = lustre.file_system.id
        self.lustre_dns_name = lustre.file_system.dns_name
        self.lustre_mount_name = lustre.file_system.mount_name
        self.backup_vault_name = backups.vault.name
        self.register_outputs(
            {
                "data_bucket": self.data_bucket,
                "checkpoint_bucket": self.checkpoint_bucket,
                "registry_bucket": self.registry_bucket,
                "repository_urls": self.repository_urls,
                "client_security_group_id": self.client_security_group_id,
                "file_system_id": self.file_system_id,
                "lustre_file_system_id": self.lustre_file_system_id,
                "lustre_dns_name": self.lustre_dns_name,
                "lustre_mount_name": self.lustre_mount_name,
                "backup_vault_name": self.backup_vault_name,
            }
        )
