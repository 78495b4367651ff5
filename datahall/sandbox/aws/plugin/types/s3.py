"""Buckets and what configures them. API: Amazon S3."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from datahall.sandbox.aws.plugin.run import Run, error_code
from datahall.sandbox.aws.plugin.table import Call, Name, Text, Type, codes

_ZONES = {  # Route 53 hosted zones of S3's website endpoints (AWS General Reference, S3 endpoints)
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
    "ca-central-1": "Z1QDHH18159H29",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-northeast-2": "Z3W03O7B5YMIYP",
    "ap-south-1": "Z11RGJOFQNVJUP",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "sa-east-1": "Z7KQH4QJS55SO",
}
_OLD_WEBSITES = codes(  # regions whose website host has a dash before the region
    "us-east-1 us-west-1 us-west-2 ap-southeast-1 ap-southeast-2 ap-northeast-1 eu-west-1 sa-east-1"
)


def _create_bucket(run: Run) -> dict[str, Any]:
    request: dict[str, Any] = {"Bucket": run.new["bucket"]}
    if run.region != "us-east-1":  # which is said by leaving it out
        request["CreateBucketConfiguration"] = {"LocationConstraint": run.region}
    if run.new.get("objectLockEnabled"):
        request["ObjectLockEnabledForBucket"] = True
    run.client().create_bucket(**request)
    return {"id": run.new["bucket"]}


def _tag_bucket(run: Run) -> None:
    new, old = run.new.get("tagsAll") or {}, run.old.get("tagsAll") or {}
    if new == old:
        return
    if not new:
        run.client().delete_bucket_tagging(Bucket=run.id)
        return
    tags = [{"Key": key, "Value": value} for key, value in new.items()]
    run.client().put_bucket_tagging(Bucket=run.id, Tagging={"TagSet": tags})


def _describe_bucket(run: Run, found: dict[str, Any]) -> None:
    """Addresses, which S3 forms by rule and tells nowhere."""
    separator = "-" if run.region in _OLD_WEBSITES else "."
    found.update(
        bucket=run.id,
        bucketRegion=run.region,
        bucketDomainName=f"{run.id}.s3.amazonaws.com",
        bucketRegionalDomainName=f"{run.id}.s3.{run.region}.amazonaws.com",
        hostedZoneId=_ZONES.get(run.region, ""),
        websiteDomain=f"s3-website{separator}{run.region}.amazonaws.com" if found.get("website") else "",
        bucketNamespace="global",
        requestPayer="BucketOwner",
        bucketPrefix=run.new.get("bucketPrefix", ""),
    )


def _delete_bucket(run: Run) -> None:
    if run.new.get("forceDestroy"):
        _empty(run)
    try:
        run.client().delete_bucket(Bucket=run.id)
    except ClientError as error:
        if error_code(error) != "BucketNotEmpty":
            raise
        raise RuntimeError(
            f"bucket: {run.id}: BucketNotEmpty: it holds objects; empty it, or set forceDestroy and apply "
            "that first"
        ) from error


def _empty(run: Run) -> None:
    """All objects, their versions and delete markers, a thousand at a time (S3's limit)."""
    client = run.client()
    for page in client.get_paginator("list_object_versions").paginate(Bucket=run.id):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if keys:
            client.delete_objects(Bucket=run.id, Delete={"Objects": keys, "Quiet": True})
    for upload in client.list_multipart_uploads(Bucket=run.id).get("Uploads", ()):
        client.abort_multipart_upload(Bucket=run.id, Key=upload["Key"], UploadId=upload["UploadId"])


_OF_BUCKET = {"Bucket": "$bucket"}
_OWNER = {"Bucket": "$bucket", "ExpectedBucketOwner": "$expectedBucketOwner"}

TYPES = (
    Type(
        type="aws:s3/bucket:Bucket",
        service="s3",
        create=_create_bucket,
        id="id",
        read=(
            Call(op="head_bucket", args={"Bucket": "$id"}),
            Call(
                op="get_bucket_tagging",
                args={"Bucket": "$id"},
                into={"tagsAll": "TagSet"},
                absent=codes("NoSuchTagSet"),
            ),
            Call(
                op="get_bucket_versioning",
                args={"Bucket": "$id"},
                into={"versioning": "{enabled: Status == 'Enabled', mfaDelete: MFADelete == 'Enabled'}"},
            ),
            Call(
                op="get_bucket_encryption",
                args={"Bucket": "$id"},
                pick="ServerSideEncryptionConfiguration",
                into={"serverSideEncryptionConfiguration": "{rule: Rules[0]}"},
                absent=codes("ServerSideEncryptionConfigurationNotFoundError"),
            ),
            Call(
                op="get_bucket_policy",
                args={"Bucket": "$id"},
                into={"policy": "Policy"},
                absent=codes("NoSuchBucketPolicy"),
            ),
            Call(
                op="get_object_lock_configuration",
                args={"Bucket": "$id"},
                pick="ObjectLockConfiguration",
                into={"objectLockEnabled": "ObjectLockEnabled == 'Enabled'"},
                absent=codes("ObjectLockConfigurationNotFoundError"),
            ),
            _describe_bucket,
        ),
        update=(_tag_bucket,),
        delete=(_delete_bucket,),
        outputs={"arn": Text("arn:aws:s3:::{id}")},
        names={
            "serverSideEncryptionConfiguration.rule": "rule",
            "serverSideEncryptionConfiguration.rule.blockedEncryptionTypes": "!",
        },
        defaults={"forceDestroy": False},
        kept="forceDestroy",
        used="bucket bucketPrefix objectLockEnabled",
        replace="bucket bucketPrefix objectLockEnabled region",
        refused="accelerationStatus acl bucketNamespace corsRules grants lifecycleRules logging "
        "objectLockConfiguration policy replicationConfiguration requestPayer "
        "serverSideEncryptionConfiguration "
        "versioning website",
        name=Name(property="bucket", limit=63, prefix_property="bucketPrefix", lower=True),
        at_most_one=("bucket bucketPrefix",),
        gone=codes("NoSuchBucket 404"),
    ),
    Type(
        type="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        service="s3",
        create=Call(
            op="put_bucket_encryption",
            args={**_OWNER, "ServerSideEncryptionConfiguration": {"Rules": "$rules"}},
        ),
        id="{bucket}",
        read=(Call(op="get_bucket_encryption", args=_OWNER, pick="ServerSideEncryptionConfiguration"),),
        put=True,
        delete=(Call(op="delete_bucket_encryption", args=_OWNER),),
        names={"rules.blockedEncryptionTypes": "!"},
        outputs={"bucket": Text("{id}")},
        kept="expectedBucketOwner",
        replace="bucket expectedBucketOwner",
        gone=codes("NoSuchBucket ServerSideEncryptionConfigurationNotFoundError"),
        delete_first=True,
    ),
    Type(
        type="aws:s3/bucketVersioning:BucketVersioning",
        service="s3",
        create=Call(
            op="put_bucket_versioning",
            args={**_OWNER, "MFA": "$mfa", "VersioningConfiguration": "$versioningConfiguration"},
        ),
        id="{bucket}",
        read=(
            Call(
                op="get_bucket_versioning",
                args=_OWNER,
                into={
                    "versioningConfiguration": "{status: Status || 'Suspended', mfaDelete: MFADelete || ''}"
                },
            ),
        ),
        put=True,
        delete=(
            Call(
                op="put_bucket_versioning",
                args={**_OWNER, "VersioningConfiguration": {"Status": "Suspended"}},
            ),
        ),
        outputs={"bucket": Text("{id}")},
        kept="expectedBucketOwner mfa",
        replace="bucket expectedBucketOwner",
        gone=codes("NoSuchBucket"),
        delete_first=True,
    ),
    Type(
        type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        service="s3",
        create=Call(
            op="put_public_access_block",
            args={
                "Bucket": "$bucket",
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": "$blockPublicAcls",
                    "BlockPublicPolicy": "$blockPublicPolicy",
                    "IgnorePublicAcls": "$ignorePublicAcls",
                    "RestrictPublicBuckets": "$restrictPublicBuckets",
                },
            },
        ),
        id="{bucket}",
        read=(Call(op="get_public_access_block", args=_OF_BUCKET, pick="PublicAccessBlockConfiguration"),),
        put=True,
        delete=(Call(op="delete_public_access_block", args=_OF_BUCKET, when={"skipDestroy": False}),),
        outputs={"bucket": Text("{id}")},
        defaults={
            "blockPublicAcls": False,
            "blockPublicPolicy": False,
            "ignorePublicAcls": False,
            "restrictPublicBuckets": False,
        },
        kept="skipDestroy",
        replace="bucket",
        gone=codes("NoSuchBucket NoSuchPublicAccessBlockConfiguration"),
        delete_first=True,
    ),
    Type(
        type="aws:s3/bucketPolicy:BucketPolicy",
        service="s3",
        create=Call(op="put_bucket_policy", args={"Bucket": "$bucket", "Policy": "$policy"}),
        id="{bucket}",
        read=(Call(op="get_bucket_policy", args=_OF_BUCKET),),
        put=True,
        delete=(Call(op="delete_bucket_policy", args=_OF_BUCKET),),
        outputs={"bucket": Text("{id}")},
        replace="bucket",
        json="policy",
        gone=codes("NoSuchBucket NoSuchBucketPolicy"),
        delete_first=True,
    ),
    Type(
        type="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        service="s3",
        create=Call(
            op="put_bucket_lifecycle_configuration",
            props="transitionDefaultMinimumObjectSize",
            args={**_OWNER, "LifecycleConfiguration": {"Rules": "$rules"}},
        ),
        id="{bucket}",
        read=(Call(op="get_bucket_lifecycle_configuration", args=_OWNER),),
        put=True,
        delete=(Call(op="delete_bucket_lifecycle", args=_OWNER),),
        outputs={
            "bucket": Text("{id}"),
            "transitionDefaultMinimumObjectSize": "TransitionDefaultMinimumObjectSize || "
            "'all_storage_classes_128K'",
        },
        kept="expectedBucketOwner",
        replace="bucket expectedBucketOwner",
        refused="timeouts",
        gone=codes("NoSuchBucket NoSuchLifecycleConfiguration"),
        delete_first=True,
    ),
    Type(
        type="aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        service="s3",
        create=Call(
            op="put_bucket_ownership_controls",
            args={"Bucket": "$bucket", "OwnershipControls": {"Rules": ["$rule"]}},
        ),
        id="{bucket}",
        read=(Call(op="get_bucket_ownership_controls", args=_OF_BUCKET, pick="OwnershipControls"),),
        put=True,
        delete=(Call(op="delete_bucket_ownership_controls", args=_OF_BUCKET),),
        outputs={"bucket": Text("{id}")},
        replace="bucket",
        gone=codes("NoSuchBucket OwnershipControlsNotFoundError"),
        delete_first=True,
    ),
)
