"""Pytest fixtures: `deploy`, `new_deployment`, and `aws_server` and `aws_plugin` behind them.

One emulated AWS and one plugin process serve all tests of a session (of a worker, under pytest-xdist); they
start with the first test that needs them. Where datahall is installed pytest loads this module by itself, so
nothing heavy is imported before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from datahall.sandbox.aws import control
    from datahall.testing.deployment import Cloud, Deployment, Program


class NewDeployment(Protocol):
    """The `new_deployment` fixture."""

    def __call__(
        self,
        *,
        aws: bool = True,
        plugin_path: Sequence[Path] = (),
        policy_packs: Sequence[Path] = (),
        config: Mapping[str, str] | None = None,
    ) -> Deployment:
        """A deployment that is not up yet; with `aws=False` only with the plugins of `plugin_path`."""
        ...


class Deploy(Protocol):
    """The `deploy` fixture."""

    def __call__(
        self,
        program: Program,
        *,
        aws: bool = True,
        plugin_path: Sequence[Path] = (),
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
    from datahall.sandbox.aws import control

    folder = tmp_path_factory.mktemp("aws")
    server = control.start(folder)
    yield server
    control.stop(folder)


@pytest.fixture(scope="session")
def aws_plugin(aws_server: control.Server) -> Iterator[int]:
    """The port of the session's aws plugin."""
    from datahall.engine.plugins import start_plugin
    from datahall.sandbox.aws import control

    executable = control.PLUGIN_PATH / "pulumi-resource-aws"
    process = start_plugin("aws", [str(executable), ""], control.environment(aws_server.url))
    yield process.port
    process.stop()


@pytest.fixture
def new_deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDeployment]:
    """Makes deployments that are not up yet; takes them down at the end and looks for leaks."""
    from datahall.testing.deployment import Cloud, Deployment

    clouds: dict[str, tuple[Cloud, set[tuple[str, str, str, str]]]] = {}
    made: list[Deployment] = []

    def cloud() -> Cloud:
        if "aws" not in clouds:
            server: control.Server = request.getfixturevalue("aws_server")
            found = Cloud(server.url, request.getfixturevalue("aws_plugin"))
            clouds["aws"] = (found, found.inventory())
        return clouds["aws"][0]

    def new(
        *,
        aws: bool = True,
        plugin_path: Sequence[Path] = (),
        policy_packs: Sequence[Path] = (),
        config: Mapping[str, str] | None = None,
    ) -> Deployment:
        folder = tmp_path / f"deployment{len(made)}"
        folder.mkdir()
        made.append(
            Deployment(
                cloud() if aws else None,
                folder,
                plugin_path=plugin_path,
                policy_packs=policy_packs,
                config=config,
            )
        )
        return made[-1]

    yield new
    for deployment in reversed(made):
        deployment.destroy()
    for found, before in clouds.values():
        left = sorted(found.inventory() - before)
        assert not left, f"left behind in the emulated AWS: {left}"  # noqa: S101 - this is pytest's own means


@pytest.fixture
def deploy(new_deployment: NewDeployment) -> Deploy:
    """Brings a program up as a stack: `deployment = deploy(program)`."""

    def bring_up(
        program: Program,
        *,
        aws: bool = True,
        plugin_path: Sequence[Path] = (),
        policy_packs: Sequence[Path] = (),
        config: Mapping[str, str] | None = None,
    ) -> Deployment:
        deployment = new_deployment(
            aws=aws, plugin_path=plugin_path, policy_packs=policy_packs, config=config
        )
        deployment.up(program)
        return deployment

    return bring_up
