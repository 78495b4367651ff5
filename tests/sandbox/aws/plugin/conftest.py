"""The session's plugin, configured for one region, and boto3 on the same emulated AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from datahall.sandbox.aws import accounts, control, sessions
from tests.sandbox.aws.plugin.client import REGION, Live, Plugin


@pytest.fixture(scope="session")
def plugin(aws_plugin: int) -> Iterator[Plugin]:
    connection = Plugin(aws_plugin)
    connection.configure(region=REGION)
    yield connection
    connection.close()


@pytest.fixture
def client(aws_server: control.Server) -> Callable[..., Any]:
    """boto3 clients by service and region."""

    def make(service: str, region: str = REGION) -> Any:  # noqa: ANN401  # boto3 types nothing
        return sessions.session(accounts.access_key(), region, aws_server.url).client(service)

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
