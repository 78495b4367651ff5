"""S3: what a new bucket has since 2023, and keys that exist."""

import json
from typing import Any, NoReturn

from moto.core.common_types import TYPE_RESPONSE
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.s3.responses import S3Response

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Refusal

OURS = ("encryption, ownership and public access block that a new bucket has",)

_SSE = "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION"
_USUAL: dict[str, Any] = {
    "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
}
_BLOCK = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_FAULTS = {
    "Disabled": ("KMS.DisabledException", "{} is disabled."),
    "PendingDeletion": ("KMS.KMSInvalidStateException", "{} is pending deletion."),
}


class _RefusalError(Refusal, S3ClientError):
    """S3 answers with its own exceptions only."""


class Responses(S3Response):
    """S3 that encrypts with what exists."""

    def put_object(self) -> TYPE_RESPONSE:
        """Refuse an unknown key; show the key as an ARN."""
        self._encrypt(self.request)
        return super().put_object()

    def copy_object(self) -> TYPE_RESPONSE:
        """Refuse an unknown key; show the key as an ARN."""
        self._encrypt(self.request)
        return super().copy_object()

    def _key_response_post(
        self,
        request: Any,  # noqa: ANN401 - moto's own
        body: bytes,
        bucket_name: str,
        query: dict[str, Any],
        key_name: str,
    ) -> TYPE_RESPONSE:
        if "uploads" in query:
            self._encrypt(request)
        return super()._key_response_post(request, body, bucket_name, query, key_name)

    def _bucket_response_put(
        self,
        request: Any,  # noqa: ANN401 - moto's own
        bucket_name: str,
        querystring: dict[str, Any],
    ) -> str | TYPE_RESPONSE:
        if "policy" in querystring:
            _check_policy(self.body)
        fresh = bucket_name not in self.backend.buckets and not querystring
        answer = super()._bucket_response_put(request, bucket_name, querystring)
        bucket = self.backend.buckets.get(bucket_name)
        if fresh and bucket:
            bucket.encryption = _USUAL
            bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"  # type: ignore[assignment]  # moto's
            self.backend.put_public_access_block(bucket_name, dict.fromkeys(_BLOCK, "true"))
        return answer

    def delete_bucket_encryption(self) -> TYPE_RESPONSE:
        """Go back to what a new bucket has; no bucket is without encryption."""
        answer = super().delete_bucket_encryption()
        self.backend.get_bucket(self.bucket_name).encryption = _USUAL
        return answer

    def _encrypt(self, request: Any) -> None:  # noqa: ANN401 - moto's own
        """Write into the request what it is to be encrypted with, by itself or by its bucket's default."""
        environ = request.environ
        bucket = self.backend.get_bucket(self.bucket_name)
        rule = (bucket.encryption or _USUAL)["Rule"]["ApplyServerSideEncryptionByDefault"]
        algorithm = environ.get(_SSE)
        reference = environ.get(f"{_SSE}_AWS_KMS_KEY_ID")
        if algorithm is None:
            algorithm, reference = rule["SSEAlgorithm"], reference or rule.get("KMSMasterKeyID")
        environ[_SSE] = algorithm
        if algorithm.startswith("aws:kms"):
            environ[f"{_SSE}_AWS_KMS_KEY_ID"] = self._key(bucket, reference or "alias/aws/s3")
        elif reference and environ.get(f"{_SSE}_AWS_KMS_KEY_ID"):
            text = "Server Side Encryption with AWS KMS managed key requires HTTP header"
            _refuse("InvalidArgument", f"{text} x-amz-server-side-encryption : aws:kms")

    def _key(self, bucket: FakeBucket, reference: str) -> str:
        key = known.key(self.backend, reference, region=bucket.region_name)
        if key is None or key.region != bucket.region_name:
            _refuse("KMS.NotFoundException", f"Invalid keyId '{reference}'")
        code, text = _FAULTS.get(key.key_state, ("", ""))
        if code:
            _refuse(code, text.format(key.arn))
        return key.arn


def _permission(bucket: FakeBucket, action: str, resource: str) -> object:
    """Weigh the policy without its conditions' statements: moto would apply those to every request."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    statements = [one for one in _list(policy["Statement"]) if not one.get("Condition")]
    if not statements:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({**policy, "Statement": statements})).is_action_permitted(action, resource)


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - one statement or a list of them
    return value if isinstance(value, list) else [value]


FakeBucket.get_permission = _permission  # type: ignore[method-assign,assignment]  # as moto asks
# moto disposes of every version of a key that goes, and a delete marker among them cannot
FakeDeleteMarker.dispose = lambda marker: None  # type: ignore[attr-defined]  # it holds no bytes


def _refuse(code: str, message: str) -> NoReturn:
    raise _RefusalError(code, message)


def _check_policy(body: bytes) -> None:
    try:
        statements = json.loads(body)["Statement"]
    except (ValueError, KeyError, TypeError):
        statements = None
    if not statements:
        _refuse("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
