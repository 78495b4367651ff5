"""One environment for many tests: the program, as `local` asks for it and a little more, brought up once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from datahall.testing import NewStack, Stack
from stacks.blocks import CapacitySettings, PoolSettings
from stacks.program import deploy
from stacks.settings import Settings, load

STACKS = Path(__file__).parents[1] / "stacks"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share the environment run on one worker, so that it is brought up once."""
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("site"))


def site_settings() -> Settings:
    """`local`, with a pool for each further way to buy nodes."""
    local = load("local", STACKS)
    reserved = PoolSettings(
        instance_type="p5.48xlarge",
        purpose="training",
        capacity=CapacitySettings(type="reservation", nodes=2),
        max_nodes=2,
        zone=1,
    )
    alone = PoolSettings(instance_type="g6e.48xlarge", purpose="training", max_nodes=1)
    return replace(local, pools={**local.pools, "reserved": reserved, "alone": alone})


@pytest.fixture(scope="session")
def site(stack_factory: NewStack) -> Iterator[Stack]:
    """The environment, up; it is taken down after the last test, and must leave nothing."""
    with stack_factory(partial(deploy, site_settings())) as site:
        site.up()
        yield site


@pytest.fixture(scope="session")
def outputs(site: Stack) -> dict[str, Any]:
    """The environment's outputs."""
    return site.outputs


@pytest.fixture(scope="session")
def client(site: Stack) -> Callable[[str], BaseClient]:
    """Makes boto3 clients that reach the environment's AWS."""
    made: Callable[[str], BaseClient] = site.boto3.client
    return made
