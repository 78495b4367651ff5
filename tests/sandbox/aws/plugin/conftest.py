"""The session's plugin, configured for one region, and boto3 on the same emulated AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from datahall.sandbox.aws import control
from tests.sandbox.aws.plugin.client import REGION, Live, Plugin


@pytest.fixture(scope="session")
def plugin(aws_plugin: int) -> Iterator[Plugin]:
    connection = Plugin(aws_plugin)
    connection.configure(region=REGION)
    yield connection
    connection.close()


@pytest.fixture
def client(aws_server: control.Server) -> Callable[[str], Any]:
    """boto3 clients by service."""

    def make(service: str, region: str = REGION) -> Any:  # noqa: ANN401  # boto3 types nothing
        environment = control.environment(aws_server.url)
        return boto3.client(
            service,
            endpoint_url=aws_server.url,
            region_name=region,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )

    return make


@pytest.fixture
def made(plugin: Plugin) -> Iterator[Callable[..., Live]]:
    """Makes resources and deletes them after the test, last first."""
    living: list[Live] = []

    def make(kind: str, name: str, inputs: dict[str, Any], **options: Any) -> Live:  # noqa: ANN401  # Plugin.create's
        living.append(plugin.create(kind, name, inputs, **options))
        return living[-1]

    yield make
    for live in reversed(living):
        plugin.delete(live)
