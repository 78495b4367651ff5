"""The plugin process of a session, in the default account of the session's emulated AWS."""

from collections.abc import Iterator

import pytest

from datahall.engine.plugins import start_plugin
from datahall.sandbox.aws import control


@pytest.fixture(scope="session")
def aws_plugin(aws_server: control.Server) -> Iterator[int]:
    executable = control.PLUGIN_PATH / "pulumi-resource-aws"
    process = start_plugin("aws", [str(executable), ""], control.environment(aws_server.url))
    yield process.port
    process.stop()
