"""Services, the lock of a home folder, and ports."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from datahall import lock, ports, processes
from datahall.errors import UserError
from datahall.paths import Home
from datahall.service import choose_port

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(9)",
]


def launch(folder: Path, command: list[str]) -> processes.Service:
    return processes.launch(
        command,
        name="mnist",
        environment="local",
        port=5000,
        model_version="v1",
        variables={"MARK": "here"},
        log=folder / "log",
        folder=folder,
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[processes.Service]:
    started = launch(tmp_path, SLEEP)
    yield started
    processes.stop(started, tmp_path)


def test_a_service_is_recorded_and_has_a_session_of_its_own(
    service: processes.Service, tmp_path: Path
) -> None:
    assert processes.services(tmp_path, "local") == [service]
    assert processes.services(tmp_path, "other") == []
    assert processes.alive(service)
    process = psutil.Process(service.pid)
    while not process.environ():  # for a moment after the start the kernel shows none
        time.sleep(0.01)
    assert process.environ()["MARK"] == "here"
    assert processes.stop(service, tmp_path)
    assert not processes.alive(service)
    assert processes.services(tmp_path, "local") == []


def test_another_process_with_the_same_pid_is_not_the_service(
    service: processes.Service, tmp_path: Path
) -> None:
    earlier = processes.Service(**{**vars(service), "started": service.started - 3600})
    assert not processes.alive(earlier)
    assert not processes.stop(earlier, tmp_path)
    assert processes.alive(service)


def test_a_service_that_ignores_term_is_killed(tmp_path: Path) -> None:
    stubborn = launch(tmp_path, STUBBORN)
    while "up" not in Path(stubborn.log).read_text():
        time.sleep(0.02)
    assert processes.stop(stubborn, tmp_path, timeout_s=0.3)
    assert not processes.exists(stubborn.pid)


def test_one_command_at_a_time_changes_a_home(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with (
        lock.hold(home, "datahall up local"),
        pytest.raises(UserError, match="is being changed by datahall up local"),
        lock.hold(home, "datahall down local"),
    ):
        pass
    with lock.hold(home, "datahall down local"):
        assert "datahall down local" in (home.root / "lock").read_text()


def test_a_free_port_passes_and_a_taken_one_names_its_holder(free_port: int) -> None:
    ports.require_free(free_port)
    with socket.create_server(("127.0.0.1", free_port)):
        assert not ports.is_free(free_port)
        with pytest.raises(UserError, match=f"--port: {free_port}: is in use by .*pid {os.getpid()}"):
            ports.require_free(free_port)


def test_a_model_gets_a_port_that_no_other_model_of_the_environment_has(
    service: processes.Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(
        n for n in range(20_000 + os.getpid() % 9_000, 32_000) if ports.is_free(n) and ports.is_free(n + 1)
    )
    monkeypatch.setattr("datahall.service.DEFAULT_PORT", first)
    home = Home(tmp_path)
    assert choose_port(home, "local", "lm", None) == first
    processes.keep(replace(service, port=first), home.services)
    assert choose_port(home, "local", "mnist", None) == first
    assert choose_port(home, "local", "lm", None) == first + 1
    assert choose_port(home, "other", "lm", None) == first
    processes.keep(replace(service, name="lm", port=first + 1), home.services)
    assert choose_port(home, "local", "lm", None) == first + 1
