"""Pytest fixtures: `aws_server`, `aws_plugin` and `deploy`.

One emulated AWS and one plugin process serve all tests of a session (of a worker, under pytest-xdist).
Load them with `pytest_plugins = ["datahall.testing.plugin"]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from datahall.engine.plugins import start_plugin
from datahall.sandbox.aws import control
from datahall.testing.deployment import Cloud, Deployment, Program


class NewDeployment(Protocol):
    """The `new_deployment` fixture."""

    def __call__(
        self, *, policy_packs: Sequence[Path] = (), config: Mapping[str, str] | None = None
    ) -> Deployment:
        """A deployment that is not up yet."""
        ...


class Deploy(Protocol):
    """The `deploy` fixture."""

    def __call__(
        self,
        program: Program,
        *,
        policy_packs: Sequence[Path] = (),
        config: Mapping[str, str] | None = None,
    ) -> Deployment:
        """Bring a program up as a stack of its own, which is taken down after the test."""
        ...


def pytest_configure(config: pytest.Config) -> None:
    """pulumi_aws warns of its deprecated classes when a module of it is imported, used or not."""
    config.addinivalue_line("filterwarnings", "ignore:.* has been deprecated in favor of:DeprecationWarning")


@pytest.fixture(scope="session")
def aws_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[control.Server]:
    """The emulated AWS of this session."""
    folder = tmp_path_factory.mktemp("aws")
    server = control.start(folder)
    yield server
    control.stop(folder)


@pytest.fixture(scope="session")
def aws_plugin(aws_server: control.Server) -> Iterator[int]:
    """The port of the session's aws plugin."""
    executable = control.PLUGIN_PATH / "pulumi-resource-aws"
    process = start_plugin("aws", [str(executable), ""], control.environment(aws_server.url))
    yield process.port
    process.stop()


@pytest.fixture
def new_deployment(aws_server: control.Server, aws_plugin: int, tmp_path: Path) -> Iterator[NewDeployment]:
    """Makes deployments that are not up yet; takes them down at the end and looks for leaks."""
    cloud = Cloud(aws_server.url, aws_plugin)
    before = cloud.inventory()
    made: list[Deployment] = []

    def new(*, policy_packs: Sequence[Path] = (), config: Mapping[str, str] | None = None) -> Deployment:
        folder = tmp_path / f"deployment{len(made)}"
        folder.mkdir()
        made.append(Deployment(cloud, folder, policy_packs=policy_packs, config=config))
        return made[-1]

    yield new
    for deployment in reversed(made):
        deployment.destroy()
    left = sorted(cloud.inventory() - before)
    assert not left, f"left behind in the emulated AWS: {left}"  # noqa: S101 - this is pytest's own means


@pytest.fixture
def deploy(new_deployment: NewDeployment) -> Deploy:
    """Brings a program up as a stack: `deployment = deploy(program)`."""

    def bring_up(
        program: Program,
        *,
        policy_packs: Sequence[Path] = (),
        config: Mapping[str, str] | None = None,
    ) -> Deployment:
        deployment = new_deployment(policy_packs=policy_packs, config=config)
        deployment.up(program)
        return deployment

    return bring_up
