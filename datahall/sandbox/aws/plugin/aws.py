"""The emulated AWS as boto3 sees it: one session, one client a service and region, loopback only."""

from __future__ import annotations

import ipaddress
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from datahall.sandbox.aws import accounts, sessions
from datahall.sandbox.aws.plugin import repeats

Client = Any
"""A boto3 client."""

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=64,
    connect_timeout=5,
    read_timeout=60,
    s3={"addressing_style": "path"},
)


class NotSandboxError(ValueError):
    """The plugin was asked to work outside of a sandbox."""


def require_sandbox(environment: Mapping[str, str]) -> None:
    """Raises NotSandboxError unless the environment is a sandbox's and points at loopback."""
    if environment.get("DATAHALL_SANDBOX") != "1":
        raise NotSandboxError(
            f"DATAHALL_SANDBOX: {environment.get('DATAHALL_SANDBOX', 'unset')}: must be 1: this aws plugin "
            "serves only a datahall sandbox; use Pulumi's own aws plugin for AWS itself"
        )
    for name, value in sorted(environment.items()):
        if name.startswith("AWS_ENDPOINT_URL") and value:
            require_loopback(value, name)


def require_loopback(endpoint: str, field_name: str) -> str:
    """The endpoint, if it is an http address on this machine; else NotSandboxError."""
    host = urlsplit(endpoint).hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NotSandboxError(
            f"{field_name}: {endpoint}: must be a loopback address; the sandbox reaches no other"
        )
    return endpoint


@dataclass
class Aws:
    """Clients for one provider configuration: of the sandbox account that `access_key` carries.

    `endpoints` maps a service to its own address.
    """

    region: str
    access_key: str = field(default_factory=accounts.access_key)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    _clients: dict[tuple[str, str], Client] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _session: boto3.Session | None = None
    _account: str = ""

    def client(self, service: str, region: str = "") -> Client:
        """The client of a service (boto3's name) in a region; made once, safe to share by threads."""
        key = (service, region or self.region)
        if key in self._clients:
            return self._clients[key]
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(*key)
            return self._clients[key]

    def account(self) -> str:
        """The account's number, as STS tells it."""
        if not self._account:
            self._account = str(self.client("sts").get_caller_identity()["Account"])
        return self._account

    def _make(self, service: str, region: str) -> Client:
        endpoint = self.endpoints.get(service) or os.environ.get("AWS_ENDPOINT_URL", "")
        if not endpoint:
            raise NotSandboxError(
                "AWS_ENDPOINT_URL: unset: the sandbox's address is needed; start it with `datahall up local`"
            )
        require_loopback(endpoint, "AWS_ENDPOINT_URL")
        if self._session is None:
            self._session = sessions.session(self.access_key, self.region)
        client = self._session.client(service, region_name=region, endpoint_url=endpoint, config=_CONFIG)
        repeats.watch(client)
        return client
