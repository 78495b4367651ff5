"""The provider's own configuration: what is honoured, what is refused, by name."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from datahall.sandbox.aws import accounts
from datahall.sandbox.aws.plugin.aws import Aws, NotSandboxError, require_loopback
from datahall.sandbox.aws.plugin.check import Failure
from datahall.sandbox.aws.plugin.properties import UNKNOWN, Plain
from datahall.sandbox.aws.plugin.table import codes

# boto3's name for a service where pulumi_aws's `endpoints` has another
_SERVICES: Final = {"cloudwatchlogs": "logs", "eventbridge": "events", "ssoadmin": "sso-admin"}
_HONOURED: Final = codes(
    "region endpoints defaultTags allowedAccountIds forbiddenAccountIds accessKey secretKey version"
)
# true of the sandbox whatever they say: it has no metadata service, and checks keys and regions by itself
_HARMLESS: Final = codes(
    "skipCredentialsValidation skipMetadataApiCheck skipRegionValidation skipRequestingAccountId "
    "s3UsePathStyle maxRetries retryMode"
)


@dataclass(frozen=True)
class Settings:
    """A provider's configuration, decoded; without an access key it is for the plugin's own account."""

    region: str
    access_key: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    allowed_accounts: tuple[str, ...] = ()
    forbidden_accounts: tuple[str, ...] = ()

    def connect(self, access_key: str) -> Aws:
        """The emulated AWS that this configuration reaches, with the plugin's own key if it names none.

        Raises NotSandboxError for an account that is not allowed.
        """
        aws = Aws(self.region, self.access_key or access_key, self.endpoints)
        if self.allowed_accounts or self.forbidden_accounts:
            account = aws.account()
            if account in self.forbidden_accounts or account not in (self.allowed_accounts or (account,)):
                raise NotSandboxError(f"account: {account}: not allowed by the provider's configuration")
        return aws


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Configuration values with JSON texts (how engines send lists and objects) decoded."""
    return {name: _decoded(value) for name, value in values.items() if not name.startswith("__")}


def check(values: Mapping[str, Any]) -> list[Failure]:
    """Why this configuration is refused; empty if it is not."""
    failures = []
    for name, value in plain(values).items():
        if value is UNKNOWN or value in (None, "", False, [], {}):
            continue
        if name in _HARMLESS or name in _HONOURED:
            failures += _refused_value(name, value)
        else:
            failures.append(
                Failure(name, f"{name}: not supported by the sandbox's aws provider; leave it out")
            )
    return failures


def settings(values: Mapping[str, Any]) -> Settings:
    """Settings of checked values; the region falls back to AWS_REGION and AWS_DEFAULT_REGION."""
    known = plain(values)
    region = known.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise NotSandboxError("region: unset: the aws provider needs one; set aws:region or AWS_REGION")
    tags = (known.get("defaultTags") or {}).get("tags") or {}
    return Settings(
        region=str(region),
        access_key=str(known.get("accessKey") or ""),
        endpoints=_endpoints(known.get("endpoints") or []),
        default_tags={str(name): str(value) for name, value in tags.items()},
        allowed_accounts=tuple(map(str, known.get("allowedAccountIds") or ())),
        forbidden_accounts=tuple(map(str, known.get("forbiddenAccountIds") or ())),
    )


def _refused_value(name: str, value: Plain) -> list[Failure]:
    own = {"accessKey": accounts.account_of(str(value)), "secretKey": value == accounts.SECRET_KEY}
    if not own.get(name, True):
        return [Failure(name, f"{name}: the sandbox uses keys of its own; leave it out")]
    if name == "endpoints":
        try:
            for service, address in _endpoints(value).items():
                require_loopback(address, f"endpoints.{service}")
        except NotSandboxError as error:
            return [Failure(name, str(error))]
    return []


def _endpoints(blocks: Plain) -> dict[str, str]:
    found = {}
    for block in blocks if isinstance(blocks, list) else [blocks]:
        for service, address in block.items():
            if address and not service.startswith("__"):
                found[_SERVICES.get(service, service)] = str(address)
    return found


def _decoded(value: Plain) -> Plain:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    return value
