"""`s3://` addresses: the parameters of the official engine's, as far as boto3 has the same."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from datahall.engine.errors import InvalidProject, StoreFailed, Unsupported
from datahall.engine.storage.bucket import BucketStore
from datahall.engine.storage.query import decoded, flag, parameters, without_secrets
from datahall.engine.storage.store import quoted

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 20, 4
_PATH_STYLE = ("s3ForcePathStyle", "use_path_style")
_INSECURE = ("disableSSL", "disable_https")
_CHECKSUMS = ("request_checksum_calculation", "response_checksum_validation")
_CHECKSUM_VALUES = ("when_required", "when_supported")
_PARAMETERS = (
    *("region", "endpoint", "profile", "anonymous", "accelerate", "dualstack", "fips", "ssetype", "kmskeyid"),
    *_PATH_STYLE,
    *_INSECURE,
    *_CHECKSUMS,
    "awssdk",  # which of its own libraries the official engine takes
)


def open_bucket(
    origin: str, url: str, *, read_seconds: float = READ_SECONDS, attempts: int = ATTEMPTS
) -> BucketStore:
    """The store of an `s3://bucket/prefix?region=...` URL; credentials are found as boto3 finds them.

    Raises InvalidProject and Unsupported; nothing is asked of the bucket yet.
    """
    place, _, query = url.removeprefix("s3://").partition("?")
    if "@" in place.partition("/")[0]:
        raise Unsupported(f"{origin}: {without_secrets(url)}: a user in it is not supported; use AWS_PROFILE")
    bucket, _, path = place.partition("/")
    if not bucket:
        raise InvalidProject(f"{origin}: {without_secrets(url)}: names no bucket; write s3://BUCKET/PREFIX")
    given = parameters(origin, query, _PARAMETERS)
    prefix = decoded(origin, path).strip("/")
    put = {
        name: given[key]
        for key, name in (("ssetype", "ServerSideEncryption"), ("kmskeyid", "SSEKMSKeyId"))
        if key in given
    }
    shown = "".join(
        f" {option} {quoted(value)}"
        for option, value in (
            ("--endpoint-url", _endpoint(origin, given)),
            ("--profile", given.get("profile")),
        )
        if value
    )
    client = _client(origin, given, read_seconds, attempts)
    return BucketStore(client, bucket, f"{prefix}/" if prefix else "", put=put, shown=shown)


def _set(origin: str, given: dict[str, str], *names: str) -> bool:
    found = [flag(origin, name, given[name]) for name in names if name in given]
    return any(found)


def _endpoint(origin: str, given: dict[str, str]) -> str | None:
    endpoint = given.get("endpoint")
    if endpoint is None:
        return None
    if "://" not in endpoint:
        endpoint = f"{'http' if _set(origin, given, *_INSECURE) else 'https'}://{endpoint}"
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise InvalidProject(f"{origin}: ?endpoint=: must be http(s)://HOST:PORT, without a user; correct it")
    return endpoint


def _client(origin: str, given: dict[str, str], read_seconds: float, attempts: int) -> Any:  # noqa: ANN401 - untyped
    import boto3  # noqa: PLC0415 - slow, and only for buckets
    from botocore import UNSIGNED  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    endpoint = _endpoint(origin, given)
    checksums = {name: given[name] for name in _CHECKSUMS if name in given}
    for name, value in checksums.items():
        if value not in _CHECKSUM_VALUES:
            raise InvalidProject(f"{origin}: ?{name}={value}: must be one of {', '.join(_CHECKSUM_VALUES)}")
    if endpoint is not None:  # not every store takes what AWS takes unasked
        checksums = {"request_checksum_calculation": "when_required", **checksums}
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        signature_version=UNSIGNED if _set(origin, given, "anonymous") else None,
        use_dualstack_endpoint=_set(origin, given, "dualstack") or None,
        use_fips_endpoint=_set(origin, given, "fips") or None,
        s3={
            "addressing_style": "path" if _set(origin, given, *_PATH_STYLE) else "auto",
            "use_accelerate_endpoint": _set(origin, given, "accelerate"),
        },
        **checksums,
    )
    try:
        session = boto3.Session(
            profile_name=given.get("profile"), region_name=given.get("region") or os.environ.get("AWS_REGION")
        )
        return session.client(
            "s3", endpoint_url=endpoint, use_ssl=not _set(origin, given, *_INSECURE), config=config
        )
    except (BotoCoreError, ValueError) as error:
        raise StoreFailed(
            f"{origin}: {type(error).__name__}: see to its parameters and to the AWS configuration"
        ) from None
