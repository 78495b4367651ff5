"""The command line, run in this process against a home folder of the test's own."""

import shutil
import socket
from pathlib import Path

import pytest

from datahall import cli
from tests.cli.running import Ran, Run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATAHALL_HOME, not there yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DATAHALL_HOME", str(folder))
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    return folder


@pytest.fixture
def datahall(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: ``datahall("up", "local")``."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = cli.run(arguments)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder of the test's own: a copy of the settings, the rest by link."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    shutil.copytree(ROOT / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("components", "datahall", "policies", "workloads", "requirements.lock"):
        (folder / name).symlink_to(ROOT / name)
    monkeypatch.setenv("DATAHALL_PROJECT", str(folder))
    return folder


@pytest.fixture
def no_pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH without the official CLI."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.fixture
def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
