"""A private, versioned bucket, encrypted with one key, reached over TLS only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._options import after
from components._policy import deny, document
from components._tags import Tags, tagged


@dataclass(frozen=True, kw_only=True)
class Tiers:
    """Days until objects move to a cheaper class, and how old versions end; ``None`` means never."""

    intelligent_after: int | None = None
    infrequent_after: int | None = None
    archive_after: int | None = None
    old_versions_expire_after: int
    old_versions_kept: int


DATA = Tiers(intelligent_after=30, old_versions_expire_after=90, old_versions_kept=2)
CHECKPOINTS = Tiers(infrequent_after=30, archive_after=90, old_versions_expire_after=30, old_versions_kept=2)
# a registered model is evidence: old versions of its files stay two years
REGISTRY = Tiers(intelligent_after=60, old_versions_expire_after=730, old_versions_kept=10)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket with everything that protects it."""

    bucket: aws.s3.Bucket
    encryption: aws.s3.BucketServerSideEncryptionConfiguration
    versioning: aws.s3.BucketVersioning
    public_access: aws.s3.BucketPublicAccessBlock
    ownership: aws.s3.BucketOwnershipControls
    policy: aws.s3.BucketPolicy
    lifecycle: aws.s3.BucketLifecycleConfiguration

    @property
    def settled(self) -> Sequence[pulumi.Resource]:
        """Resources that must be there before anything is written to the bucket."""
        return (self.encryption, self.versioning, self.public_access, self.ownership, self.policy)


def build_bucket(
    name: str,
    tiers: Tiers,
    *,
    key_arn: pulumi.Input[str],
    force_destroy: bool,
    tags: Tags,
    keep: pulumi.ResourceOptions,
    opts: pulumi.ResourceOptions,
) -> Bucket:
    """The bucket's name is ``name`` and a suffix, since bucket names are shared by all of AWS."""
    bucket = aws.s3.Bucket(name, force_destroy=force_destroy, tags=tagged(name, tags), opts=keep)
    public_access = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    versioning = aws.s3.BucketVersioning(
        name,
        bucket=bucket.bucket,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=opts,
    )
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.bucket,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=(
                    aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=key_arn
                    )
                ),
                bucket_key_enabled=True,
            )
        ],
        opts=opts,
    )
    return Bucket(
        bucket=bucket,
        encryption=encryption,
        versioning=versioning,
        public_access=public_access,
        ownership=aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=opts,
        ),
        # S3 answers 409 where a policy and a public access block are put at the same moment
        policy=aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=_policy(bucket.arn, key_arn),
            opts=after(opts, public_access),
        ),
        # rules on old versions mean nothing before versioning is on
        lifecycle=aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=_rules(tiers),
            opts=after(opts, versioning),
        ),
    )


def _policy(arn: pulumi.Output[str], key_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    objects = pulumi.Output.concat(arn, "/*")
    algorithm, key = (
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    )
    return document(
        [
            deny(
                "DenyPlainHttp",
                ["s3:*"],
                resources=[arn, objects],
                condition={"Bool": {"aws:SecureTransport": "false"}},
            ),
            deny(
                "DenyOldTls",
                ["s3:*"],
                resources=[arn, objects],
                condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
            ),
            # a put that names no encryption gets the bucket's default, which is the right one
            deny(
                "DenyOtherEncryption",
                ["s3:PutObject"],
                resources=objects,
                condition={"Null": {algorithm: "false"}, "StringNotEquals": {algorithm: "aws:kms"}},
            ),
            deny(
                "DenyOtherKeys",
                ["s3:PutObject"],
                resources=objects,
                condition={"Null": {key: "false"}, "StringNotEquals": {key: key_arn}},
            ),
        ]
    )


def _rules(tiers: Tiers) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    classes = (
        (tiers.infrequent_after, "STANDARD_IA"),
        (tiers.intelligent_after, "INTELLIGENT_TIERING"),
        (tiers.archive_after, "GLACIER_IR"),
    )
    everything = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
    return [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="tiers",
            status="Enabled",
            filter=everything,
            transitions=[
                aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=days, storage_class=storage_class)
                for days, storage_class in classes
                if days is not None
            ],
        ),
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="old-versions",
            status="Enabled",
            filter=everything,
            noncurrent_version_expiration=(
                aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=tiers.old_versions_expire_after,
                    newer_noncurrent_versions=tiers.old_versions_kept,
                )
            ),
        ),
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="leftovers",
            status="Enabled",
            filter=everything,
            abort_incomplete_multipart_upload=(
                aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                    days_after_initiation=7
                )
            ),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
                expired_object_delete_marker=True
            ),
        ),
    ]
