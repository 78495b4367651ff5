"""The S3 side: encrypted with the site's key on the way in, checked by SHA-256 on the way out."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from workloads.errors import CorruptDataError, InvalidInputError, StorageError
from workloads.fingerprint import canonical
from workloads.site import Site

T = TypeVar("T")

_GONE = frozenset({"404", "NoSuchKey", "NotFound"})
_TAKEN = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})

_FAILED = 500
_AGAIN = "S3 itself failed: look at it, and start again; a training goes on from its last checkpoint"

_READS = 4
"""How often a body is read before it is given up: botocore repeats requests, not what follows them."""
_PAUSE_S = 0.2
_BROKEN_OFF = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """The site's three buckets."""

    data: "Bucket"
    checkpoints: "Bucket"
    registry: "Bucket"


def _checksum(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@dataclass(frozen=True)
class Listed:
    """An object as a listing has it; `etag` changes with its content."""

    key: str
    etag: str
    size: int


def connect(site: Site, *, stall_s: float = 60) -> Buckets:
    """The site's buckets through boto3; endpoint and credentials come from the environment.

    A connection that gives nothing for `stall_s` seconds is given up and tried again.
    """
    retries = {"mode": "standard", "total_max_attempts": 4}
    config = Config(retries=retries, connect_timeout=5, read_timeout=stall_s, max_pool_connections=16)
    try:
        session = boto3.Session()  # not the default one, which would outlive a change of environment
        client = session.client("s3", region_name=site.region, config=config)
    except (BotoCoreError, ValueError) as error:
        fix = "correct the AWS_ variables that name a profile, a file or an endpoint"
        raise InvalidInputError("AWS settings", str(error), "must fit together", fix) from None
    return Buckets(
        data=Bucket(client, "data_bucket", site.data_bucket, site.data_key_arn),
        checkpoints=Bucket(client, "checkpoint_bucket", site.checkpoint_bucket, site.data_key_arn),
        registry=Bucket(client, "registry_bucket", site.registry_bucket, site.data_key_arn),
    )


@dataclass(frozen=True)
class Bucket:
    """One bucket. Every object carries the SHA-256 of its content in its metadata."""

    client: Any
    field: str
    name: str
    key_arn: str
    part_bytes: int = 2**29
    """What is longer is written in parts of so much: S3 takes 5 GB at once, and TLS of Python 2 GB."""

    def put(self, key: str, body: bytes, *, content_type: str, new: bool = False) -> bool:
        """Write an object; with `new` only if there is none under `key` (False if there is)."""
        digest = hashlib.sha256(body).digest()
        request = {
            "Bucket": self.name,
            "Key": key,
            "ContentType": content_type,
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": self.key_arn,
            "BucketKeyEnabled": True,
            "Metadata": {"sha256": digest.hex()},
        }
        condition = {"IfNoneMatch": "*"} if new else {}

        def write() -> object:
            if len(body) > self.part_bytes:
                return self._put_parts(request, body, condition)
            return self.client.put_object(**request, **condition, Body=body, ChecksumSHA256=_checksum(digest))

        return self._call(key, write, _TAKEN if new else frozenset()) is not None

    def _put_parts(self, request: Mapping[str, Any], body: bytes, condition: Mapping[str, str]) -> object:
        """In several requests; until the last there is no object, and an upload that fails is taken back."""
        upload = self.client.create_multipart_upload(**request, ChecksumAlgorithm="SHA256")["UploadId"]
        named = {"Bucket": self.name, "Key": request["Key"], "UploadId": upload}
        try:
            parts = []
            for number, at in enumerate(range(0, len(body), self.part_bytes), 1):
                part = body[at : at + self.part_bytes]
                check = {"PartNumber": number, "ChecksumSHA256": _checksum(hashlib.sha256(part).digest())}
                answer = self.client.upload_part(**named, **check, Body=part)
                parts.append({**check, "ETag": answer["ETag"]})
            return self.client.complete_multipart_upload(
                **named, **condition, MultipartUpload={"Parts": parts}
            )
        except BaseException:
            with suppress(BotoCoreError, ClientError):
                self.client.abort_multipart_upload(**named)
            raise

    def get(self, key: str, *, sha256: str | None = None) -> bytes | None:
        """An object's content, or None; raises CorruptDataError unless its SHA-256 is the one recorded."""

        answer = self._read(key)
        if answer is None:
            return None
        body, recorded = answer
        found, expected = hashlib.sha256(body).hexdigest(), sha256 or recorded
        if found != expected:
            rule = f"content must have the SHA-256 that was recorded ({str(expected)[:12]}...)"
            fix = "restore that object's earlier version, or delete it and make it anew"
            raise CorruptDataError(f"s3://{self.name}/{key}", f"{found[:12]}...", rule, fix)
        return body

    def get_json(self, key: str, *, sha256: str | None = None) -> dict[str, Any] | None:
        """A JSON object's members, or None; raises CorruptDataError if it is anything else."""
        content = self.get(key, sha256=sha256)
        if content is None:
            return None
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            where, fix = f"s3://{self.name}/{key}", "restore that object's earlier version"
            raise CorruptDataError(where, f"{len(content)} bytes", "must be a JSON object", fix)
        return document

    def put_json(self, key: str, document: object, *, new: bool = False) -> bool:
        """Write `document` as canonical JSON; `new` as for `put`."""
        return self.put(key, canonical(document), content_type="application/json", new=new)

    def sha256(self, key: str) -> str | None:
        """The SHA-256 recorded with an object, or None where there is no such object."""
        head = self._call(key, lambda: self.client.head_object(Bucket=self.name, Key=key), _GONE)
        return None if head is None else str(head["Metadata"].get("sha256", "not recorded"))

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        return [listed.key for listed in self.listing(prefix)]

    def listing(self, prefix: str) -> list[Listed]:
        """The objects whose keys begin with `prefix`, by key."""

        def read() -> list[Listed]:
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            found = [item for page in pages for item in page.get("Contents", [])]
            return sorted(
                (Listed(item["Key"], item["ETag"].strip('"'), item["Size"]) for item in found),
                key=lambda one: one.key,
            )

        return self._call(prefix, read, frozenset()) or []

    def get_listed(self, listed: Listed) -> bytes | None:
        """The content of an object that others wrote, as it was listed; None if it has changed or is gone."""
        answer = self._read(listed.key, IfMatch=listed.etag)
        return None if answer is None else answer[0]

    def delete(self, key: str) -> None:
        """Delete an object; none there is no error."""
        self._call(key, lambda: self.client.delete_object(Bucket=self.name, Key=key), _GONE)

    def _read(self, key: str, **conditions: str) -> tuple[bytes, str | None] | None:
        """Body and recorded SHA-256; a body that breaks off or stalls is asked for again, a few times."""

        def read() -> tuple[bytes, str | None]:
            answer = self.client.get_object(Bucket=self.name, Key=key, **conditions)
            return answer["Body"].read(), answer["Metadata"].get("sha256")

        def patient() -> tuple[bytes, str | None]:
            for attempt in range(1, _READS):
                try:
                    return read()
                except _BROKEN_OFF:
                    time.sleep(_PAUSE_S * 2**attempt)
            return read()

        return self._call(key, patient, _GONE | (_TAKEN if conditions else frozenset()))

    def _call(self, key: str, operation: Callable[[], T], tolerated: frozenset[str]) -> T | None:
        """The operation's result, or None if S3 refused it with a code that is `tolerated`."""
        try:
            return operation()
        except NoCredentialsError:
            fix = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            raise InvalidInputError("AWS credentials", "none", "are needed to reach S3", fix) from None
        except BotoCoreError as error:
            fix = "check that AWS_ENDPOINT_URL (or the network) leads to S3"
            raise StorageError(f"s3://{self.name}", str(error), "must be reachable", fix) from None
        except ClientError as error:
            code = str(error.response["Error"].get("Code", "unknown"))
            message = str(error.response["Error"].get("Message", "the request must be accepted"))
            failed = int(error.response["ResponseMetadata"]["HTTPStatusCode"]) >= _FAILED
        if code in tolerated:
            return None
        if code == "NoSuchBucket":
            fix = "point --site at the outputs of a stack that is up"
            raise InvalidInputError(self.field, self.name, "must be a bucket that exists", fix)
        fix = _AGAIN if failed else "check the role's permissions on the bucket and its key"
        raise StorageError(f"s3://{self.name}/{key}", code, message, fix)
