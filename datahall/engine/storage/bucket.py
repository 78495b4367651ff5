"""A store that is a bucket of S3, or of what speaks its protocol.

A write may say which version it replaces (`If-Match`): neither another writer nor one of ours that was given
up and arrives late takes a newer state away. Messages hold codes and names, never what a server said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)

from datahall.engine.errors import StoreFailed
from datahall.engine.storage.store import quoted

_T = TypeVar("_T")
_READS = 3  # of one piece: the client tries a request again, but not what breaks off while the body is read
_CREDENTIALS = "see to the credentials, and to what the bucket's policy lets them do"
_FIXES: Final[dict[str, str]] = {
    "NoSuchBucket": "make the bucket, or correct its name",
    "AccessDenied": _CREDENTIALS,
    "403": _CREDENTIALS,
    "AllAccessDisabled": _CREDENTIALS,
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ExpiredToken": "renew the credentials",
}
_UNCONDITIONAL = ("NotImplemented", "501")  # said by stores without conditional writes


class BucketStore:
    """Pieces are objects below `prefix`, which is empty or ends with `/`.

    `client` is boto3's; `put` are its further arguments for a write (encryption); `shown` are those of the
    `aws` command that reach the same bucket.
    """

    torn: ClassVar[bool] = False

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - boto3 has no types
        bucket: str,
        prefix: str,
        *,
        put: Mapping[str, str],
        shown: str = "",
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._put = put
        self._shown = shown
        self._conditional = True

    def read(self, key: str) -> bytes | None:
        """The object's content. Raises StoreFailed."""
        return self.read_version(key)[0]

    def read_version(self, key: str) -> tuple[bytes | None, str | None]:
        """The object's content and its ETag. Raises StoreFailed."""
        return self._told("read", key, lambda: self._read(key))

    def _read(self, key: str) -> tuple[bytes | None, str | None]:
        for attempt in range(1, _READS + 1):
            try:
                answer = self._client.get_object(**self._named(key))
                return answer["Body"].read(), answer["ETag"]
            except ClientError as error:
                if _code(error) != "NoSuchKey":
                    raise
                return None, None
            except (BotoCoreError, OSError):
                if attempt == _READS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def write(self, key: str, content: bytes, *, replacing: str | None = None) -> str | None:
        """Put the object, and give its ETag. Raises StoreFailed, also for another one than `replacing`."""
        return self._told("written", key, lambda: self._write(key, content, replacing))

    def _write(self, key: str, content: bytes, replacing: str | None) -> str | None:
        condition = {"IfMatch": replacing} if replacing is not None and self._conditional else {}
        try:
            answer = self._client.put_object(**self._named(key), Body=content, **self._put, **condition)
        except ClientError as error:
            if condition and _code(error) in _UNCONDITIONAL:
                self._conditional = False
                return self._write(key, content, None)
            if not condition or _code(error) not in ("PreconditionFailed", "412", "NoSuchKey"):
                raise
            there, version = self._read(key)
            if there == content:  # it was ours, and arrived though no answer came back
                return version
            raise StoreFailed(
                f"backend: {self.where(key)}: not written: another one has changed it meanwhile, so this "
                "operation has no lock any more; look who, and run refresh"
            ) from None
        etag: str = answer["ETag"]
        return etag

    def delete(self, key: str) -> None:
        """Delete the object. Raises StoreFailed."""
        self._told("removed", key, lambda: self._client.delete_object(**self._named(key)))

    def names(self, folder: str) -> dict[str, float]:
        """Objects right below a prefix; S3 tells their time in whole seconds. Raises StoreFailed."""
        prefix = f"{self._prefix}{folder}/"

        def listed() -> dict[str, float]:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            found = (item for page in pages for item in page.get("Contents", ()))
            times = {item["Key"].removeprefix(prefix): item["LastModified"].timestamp() for item in found}
            return {name: times[name] for name in sorted(times) if name}

        return self._told("listed", folder, listed)

    @contextmanager
    def exclusive(self, folder: str) -> Iterator[None]:
        """A bucket cannot do that: engines may meet, and have to look again whether they have."""
        yield

    def where(self, key: str) -> str:
        """The object's address."""
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def copying(self, source: str, target: str) -> str:
        """By the AWS CLI."""
        return f"aws s3 cp {quoted(self.where(source))} {quoted(self.where(target))}{self._shown}"

    def removing(self, key: str) -> str:
        """By the AWS CLI."""
        return f"aws s3 rm {quoted(self.where(key))}{self._shown}"

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def _told(self, done: str, key: str, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except (ClientError, BotoCoreError, OSError) as error:
            why, fix = _why(error)
            raise StoreFailed(f"backend: {self.where(key)}: cannot be {done} ({why}); {fix}") from None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _why(error: Exception) -> tuple[str, str]:
    again = "what was recorded is as it was; run it again once it answers"
    if isinstance(error, ClientError):
        code = _code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "?")
        return f"{code}, status {status}", _FIXES.get(code, again)
    if isinstance(error, NoCredentialsError):
        return "no credentials", "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, ReadTimeoutError):
        return "no answer in time", again
    if isinstance(error, (ConnectionError, HTTPClientError, OSError)):
        return "not reachable", again
    return type(error).__name__, "see to the AWS configuration"
