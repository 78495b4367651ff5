"""The pack under an engine: what is refused is refused before it is made."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from datahall.engine import PolicyResult, PolicyViolation
from datahall.testing import NewStack, Stack
from tests.policies.analyzer import PACK


def _bucket(effect: str = "Deny", *, with_policy: bool = True) -> None:
    """Declare a bucket that complies, or one whose policy or lack of it does not."""
    key = aws.kms.Key("data", enable_key_rotation=True)
    bucket = aws.s3.Bucket("data")
    aws.s3.BucketServerSideEncryptionConfiguration(
        "data",
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                }
            }
        ],
    )
    aws.s3.BucketPublicAccessBlock(
        "data",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    pulumi.export("bucket", bucket.bucket)
    if with_policy:
        aws.s3.BucketPolicy(
            "data", bucket=bucket.bucket, policy=bucket.arn.apply(lambda arn: _policy(arn, effect))
        )


def _policy(arn: str, effect: str) -> str:
    statement = {
        "Effect": effect,
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _outcomes(results: list[PolicyResult]) -> set[tuple[str, str]]:
    return {(result.policy, result.outcome) for result in results}


@pytest.fixture
def reviewed(stack: NewStack) -> Stack:
    return stack(_bucket, policy_packs=[PACK])


def test_what_is_not_known_at_preview_is_judged_at_apply(reviewed: Stack) -> None:
    assert _outcomes(reviewed.preview().policy) == {
        ("require-s3-kms-encryption", "not_judged"),
        ("require-s3-tls-only", "not_judged"),
    }
    assert reviewed.up().policy == []
    assert reviewed.preview().policy == []


def test_a_breach_seen_only_at_apply_stops_before_the_resource(reviewed: Stack) -> None:
    with pytest.raises(PolicyViolation, match=r"require-s3-tls-only(.|\n)*allows plain HTTP"):
        reviewed.up(lambda: _bucket("Allow"))
    (bucket,) = [one for one in reviewed.resources if one.type == "aws:s3/bucket:Bucket"]
    client: Any = reviewed.boto3.client("s3")
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        client.get_bucket_policy(Bucket=bucket.id)


def test_a_bucket_without_a_policy_is_refused_at_preview(reviewed: Stack) -> None:
    client: Any = reviewed.boto3.client("s3")
    before = client.list_buckets()["Buckets"]
    with pytest.raises(PolicyViolation, match=r"data has no s3\.BucketPolicy"):
        reviewed.preview(lambda: _bucket(with_policy=False))
    assert client.list_buckets()["Buckets"] == before
    assert reviewed.resources == []
