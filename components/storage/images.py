"""Container image repositories: encrypted, scanned, and with tags that never move."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from components._tags import Tags, tagged

UNTAGGED_DAYS = 14

_LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"untagged images go after {UNTAGGED_DAYS} days",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": UNTAGGED_DAYS,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)


def build_repository(
    name: str,
    repository: str,
    *,
    key_arn: pulumi.Input[str],
    force_destroy: bool,
    tags: Tags,
    keep: pulumi.ResourceOptions,
    opts: pulumi.ResourceOptions,
) -> aws.ecr.Repository:
    """``name/repository``, encrypted with ``key_arn``."""
    made = aws.ecr.Repository(
        f"{name}-{repository}",
        name=f"{name}/{repository}",
        encryption_configurations=[
            aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key_arn)
        ],
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
        force_delete=force_destroy,
        tags=tagged(f"{name}-{repository}", tags),
        opts=keep,
    )
    aws.ecr.LifecyclePolicy(f"{name}-{repository}", repository=made.name, policy=_LIFECYCLE, opts=opts)
    return made
