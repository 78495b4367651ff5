"""One server a test session (and xdist worker), with an account of its own."""

from collections.abc import Iterator

import pytest

from datahall.sandbox.aws import control
from tests.sandbox.aws.server.world import World


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[control.Server]:
    folder = tmp_path_factory.mktemp("aws")
    yield control.start(folder)
    control.stop(folder)


@pytest.fixture(scope="session")
def world(server: control.Server) -> World:
    return World(server.url)
