"""Pytest fixtures: `stack`, `stack_factory` and the `aws_server` behind them.

One emulated AWS and one process of providers serve all tests of a session (of a worker, under pytest-xdist);
they start with the first stack. Where datahall is installed pytest loads this module by itself, so nothing
heavy is imported before a fixture is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from datahall.sandbox.aws import control
    from datahall.testing.session import Sandbox
    from datahall.testing.stack import Program, Stack

_KEPT = pytest.StashKey[list[str]]()
_OUTPUT = "datahall_kept"


class NewStack(Protocol):
    """What `stack` and `stack_factory` are: `stack(program, config={...})`."""

    def __call__(
        self,
        program: Program | Path,
        *,
        config: Mapping[str, Any] | None = None,
        project: str = "tests",
        aws: bool = True,
        plugin_path: Sequence[Path] = (),
        policy_packs: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Stack:
        """A stack of a program, not up yet.

        Args:
            program: an inline program, or the folder of a project (the one that holds Pulumi.yaml).
            config: settings, `key` of the project or `namespace:key`; values may be structured.
            project: the name of an inline program's project.
            aws: give it an account of the emulated AWS; `aws:region` is us-west-2 unless `config` says other.
            plugin_path: folders with `pulumi-resource-NAME` of further providers.
            policy_packs: folders with a PulumiPolicy.yaml.
            environment: variables of the program and its plugins, also as it is taken down, when those that
                `monkeypatch` set are gone.
        """
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--datahall-keep`."""
    parser.getgroup("datahall").addoption(
        "--datahall-keep",
        action="store_true",
        help="leave the stacks of the tests up, and tell at the end where they are",
    )


def pytest_configure(config: pytest.Config) -> None:
    """pulumi_aws warns of its deprecated classes when a module of it is imported, used or not."""
    config.addinivalue_line("filterwarnings", "ignore:.* has been deprecated in favor of:DeprecationWarning")
    config.stash[_KEPT] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells which stacks it kept."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = session.config.stash[_KEPT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ANN401 - of pytest-xdist, which may be absent
    """Take what a worker told."""
    node.config.stash[_KEPT] += getattr(node, "workeroutput", {}).get(_OUTPUT, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell where the stacks are that were kept."""
    if config.stash[_KEPT]:
        terminalreporter.section("stacks that datahall kept")
        for kept in config.stash[_KEPT]:
            terminalreporter.write_line(kept)


@pytest.fixture(scope="session")
def aws_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[control.Server]:
    """The emulated AWS of this session: its `url`, for `datahall.sandbox.aws.control`."""
    from datahall.sandbox.aws import control

    folder = tmp_path_factory.mktemp("aws")
    try:
        server = control.start(folder, bound=not request.config.getoption("--datahall-keep"))
    except control.SandboxError as error:
        pytest.fail(f"datahall: the emulated AWS does not start\n{error}", pytrace=False)
    yield server
    if not request.config.stash[_KEPT]:
        control.stop(folder)


@pytest.fixture(scope="session")
def _sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    from datahall.testing.session import Sandbox

    sandbox = Sandbox(lambda: request.getfixturevalue("aws_server"))
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def _stacks_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Where the stacks' states lie: in memory, unless they are to be kept."""
    from datahall.testing.session import in_memory

    memory = None if request.config.getoption("--datahall-keep") else in_memory()
    if memory is None:
        yield tmp_path_factory.mktemp("stacks")
        return
    with TemporaryDirectory(dir=memory, prefix="datahall-stacks-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def stack_factory(request: pytest.FixtureRequest, _stacks_folder: Path) -> NewStack:
    """Make stacks for your own fixtures, of any scope: `with stack_factory(program) as made: yield made`."""
    base = _stacks_folder

    def keep(stack: Stack) -> None:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        request.config.stash[_KEPT].append(f"{test}\n{stack.where()}\n")

    def new(
        program: Program | Path,
        *,
        config: Mapping[str, Any] | None = None,
        project: str = "tests",
        aws: bool = True,
        plugin_path: Sequence[Path] = (),
        policy_packs: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Stack:
        from datahall.sandbox.aws import control
        from datahall.testing.session import folder_for
        from datahall.testing.stack import Stack

        account = None
        if aws:
            sandbox: Sandbox = request.getfixturevalue("_sandbox")
            region = str((config or {}).get("aws:region") or control.DEFAULT_REGION)
            account = sandbox.account(region)
        return Stack(
            program,
            folder_for(base),
            account=account,
            project=project,
            config=config,
            plugin_path=plugin_path,
            policy_packs=policy_packs,
            environment=environment,
            keep=keep if request.config.getoption("--datahall-keep") else None,
        )

    return new


@pytest.fixture
def stack(stack_factory: NewStack) -> Iterator[NewStack]:
    """Make ephemeral stacks: `made = stack(program, config={...}); made.up(); made.outputs`.

    Each has an emulated AWS account to itself. After the test it is destroyed, and what is left in its
    account fails the test.
    """
    made: list[Stack] = []

    def new(program: Program | Path, **how: Any) -> Stack:  # noqa: ANN401 - those of NewStack
        made.append(stack_factory(program, **how))
        return made[-1]

    yield new
    if made:
        from datahall.testing.stack import end

        end(made[::-1])
