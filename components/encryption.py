"""A customer-managed key for each purpose, and EBS encryption by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components._key_policies import key_policy
from components._location import Location, location
from components._options import protected
from components._tags import Tags, tagged
from components.checks import check_name, check_range, check_tags


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """What a key is for, and the AWS services through which the account may use it."""

    description: str
    services: tuple[str, ...] = ()
    for_secrets: bool = False
    for_logs: bool = False
    for_node_volumes: bool = False


PURPOSES: Mapping[str, Purpose] = {
    "data": Purpose(
        description="data sets, checkpoints, models, images, file systems and node volumes",
        services=("s3", "ec2", "elasticfilesystem", "fsx", "ecr"),
        for_node_volumes=True,
    ),
    "cluster": Purpose(description="Kubernetes secrets", for_secrets=True),
    "logs": Purpose(description="log groups", for_logs=True),
    "backup": Purpose(description="backups", services=("backup", "s3", "ec2", "elasticfilesystem", "fsx")),
}


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """Rotation every 90 to 2,560 days (KMS's own limits); deletion after 7 to 30 days, if not protected."""

    rotation_days: int = 365
    deletion_window_days: int = 30
    deletion_protection: bool = True
    tags: Tags = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_range("rotation_days", self.rotation_days, 90, 2560, "365 is KMS's own default")
        check_range("deletion_window_days", self.deletion_window_days, 7, 30, "30 leaves time to notice")
        check_tags("tags", self.tags)


@dataclass(frozen=True, kw_only=True)
class EncryptionResources:
    """Keys and aliases by purpose (data, cluster, logs, backup), and the account's EBS settings."""

    keys: dict[str, aws.kms.Key]
    aliases: dict[str, aws.kms.Alias]
    ebs_default: aws.ebs.EncryptionByDefault
    ebs_default_key: aws.ebs.DefaultKmsKey


class Encryption(pulumi.ComponentResource):
    """The keys of one environment; new EBS volumes of the account and region use the data key.

    Auto Scaling's service-linked role must exist in the account, since the data key's policy names it
    (``aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com``, once).
    """

    data_key_arn: pulumi.Output[str]
    cluster_key_arn: pulumi.Output[str]
    logs_key_arn: pulumi.Output[str]
    backup_key_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: EncryptionArgs | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("name", name)
        super().__init__("datahall:components:Encryption", name, None, opts)
        args = args or EncryptionArgs()
        child = pulumi.ResourceOptions(parent=self)
        keep = protected(child, args.deletion_protection)
        where = location(self)

        # 1 - a key and an alias for each purpose
        keys = {
            purpose: _key(f"{name}-{purpose}", spec, args, where, keep) for purpose, spec in PURPOSES.items()
        }
        aliases = {
            purpose: aws.kms.Alias(
                f"{name}-{purpose}", name=f"alias/{name}-{purpose}", target_key_id=key.key_id, opts=child
            )
            for purpose, key in keys.items()
        }

        # 2 - EBS volumes that nobody thought of are encrypted too, and by our key
        ebs_default = aws.ebs.EncryptionByDefault(f"{name}-ebs", enabled=True, opts=child)
        ebs_default_key = aws.ebs.DefaultKmsKey(f"{name}-ebs", key_arn=keys["data"].arn, opts=child)

        self.resources = EncryptionResources(
            keys=keys, aliases=aliases, ebs_default=ebs_default, ebs_default_key=ebs_default_key
        )
        self.data_key_arn = keys["data"].arn
        self.cluster_key_arn = keys["cluster"].arn
        self.logs_key_arn = keys["logs"].arn
        self.backup_key_arn = keys["backup"].arn
        self.register_outputs(
            {
                "data_key_arn": self.data_key_arn,
                "cluster_key_arn": self.cluster_key_arn,
                "logs_key_arn": self.logs_key_arn,
                "backup_key_arn": self.backup_key_arn,
            }
        )


def _key(
    name: str, purpose: Purpose, args: EncryptionArgs, where: Location, opts: pulumi.ResourceOptions
) -> aws.kms.Key:
    return aws.kms.Key(
        name,
        description=f"{name}: {purpose.description}",
        policy=key_policy(
            where,
            purpose.services,
            for_secrets=purpose.for_secrets,
            for_logs=purpose.for_logs,
            for_node_volumes=purpose.for_node_volumes,
        ),
        enable_key_rotation=True,
        rotation_period_in_days=args.rotation_days,
        deletion_window_in_days=args.deletion_window_days,
        tags=tagged(name, args.tags),
        opts=opts,
    )
