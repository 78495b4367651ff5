"""One environment for many tests: the program, as `local` asks for it and a little more, brought up once.

The little more: a pool for each further way to buy nodes, and a pool of bare metal that is this machine.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from components import BareMetalPool, BareMetalPoolArgs, MachineArgs
from datahall.testing import NewStack, Stack
from stacks.blocks import CapacitySettings, PoolSettings
from stacks.program import deploy
from stacks.settings import Settings, load

ROOT = Path(__file__).parents[1]
STACKS = ROOT / "stacks"


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


def _program(world: Path) -> None:
    deploy(site_settings())
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    BareMetalPool(
        "datahall-local-metal",
        BareMetalPoolArgs(
            machines={"worker-1": MachineArgs(address="127.0.0.1", groups=["worker"], variables=here)},
            variables={"world": str(world), "greeting": "hello"},
            playbooks=ROOT / "tests" / "baremetal" / "project",
            neighbour_tags=(),
            leavers=(),
            deletion_protection=False,
        ),
    )


@pytest.fixture(scope="session")
def site(stack_factory: NewStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The environment, up; it is taken down after the last test, and must leave nothing."""
    plugins = [ROOT / "datahall" / "baremetal" / "bin"]
    with stack_factory(partial(_program, tmp_path_factory.mktemp("hosts")), plugin_path=plugins) as site:
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
