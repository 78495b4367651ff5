"""datahall train --on slurm: a worker is killed in mid-training, the job goes on, and the model is served."""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from datahall import asking, ports, registry, site
from datahall.context import open_context
from datahall.edge import files, inventory, way
from datahall.loopback import post_json
from datahall.processes import Service
from datahall.sandbox import hosts
from datahall.sandbox.hosts import Role
from tests.metal.driver import ROOT, Site
from tests.metal.test_6_observability import until_down

pytestmark = pytest.mark.timeout(1800)
_DATAHALL = Path(sys.executable).parent / "datahall"


@pytest.fixture(scope="module")
def stack(converged: Site) -> Iterator[Site]:
    """The hosts, and beside them a stack with storage for data, checkpoints and models."""
    _up(converged)
    try:
        yield converged
    finally:
        _datahall(converged, "down", "local").check_returncode()


def _up(site: Site) -> None:
    """Ports below those that the kernel gives to whoever asks; one may be taken all the same."""
    for port in random.sample(range(20_000, 30_000), 5):
        done = _datahall(site, "up", "local", "--port", str(port))
        if "is in use" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr


def _datahall(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [_DATAHALL, *arguments], check=False, capture_output=True, text=True, cwd=ROOT, env=site.environment
    )


@contextmanager
def _training(site: Site, *arguments: str) -> Iterator[IO[str]]:
    """What `datahall train mnist --on slurm` says, line by line; it must end well."""
    command = [str(_DATAHALL), "train", "mnist", "--on", "slurm", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=site.environment
    ) as train:
        try:
            assert train.stdout is not None
            yield train.stdout
        finally:
            train.terminate()


def _until(lines: IO[str], wanted: str) -> "re.Match[str]":
    seen = []
    for line in lines:
        seen.append(line)
        if found := re.search(wanted, line):
            return found
    raise AssertionError(f"{wanted}: is in none of:\n{''.join(seen)}")


def _steps(site: Site, host: str) -> int:
    """How far the training on a dead host had come, by the log on its disk."""
    (log,) = (site.folder / "machines" / host / "upper/home/ops").glob("datahall-*/log")
    told = [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"event"')]
    return max(int(event.get("step", 0)) for event in told)


def test_a_worker_killed_in_mid_training_costs_two_epochs_at_most(stack: Site) -> None:
    """The one that ran, and the one before, whose checkpoint is written while the next runs."""
    idle = "sinfo --noheader --Node --states=idle --format=%N | wc --lines"
    stack.until("head-1", idle, "2")
    try:
        with _training(stack, "--epochs", "14") as lines:  # not the 12 that `up` has trained
            nodes = _until(lines, r"job \d+ is running on (\S+), restarts: 0")[1]
            assert nodes == "worker-[1-2]"
            _until(lines, r"epoch 4/14")
            hosts.fail(stack.folder, "worker-1")
            killed = time.monotonic()
            reached = _steps(stack, "worker-1")
            _until(lines, r"job \d+ is pending.*restarts: 1")
            seen = time.monotonic() - killed
            _until(lines, r"job \d+ is running on worker-2, restarts: 1")
            found = _until(lines, r"goes on after epoch (\d+), from the checkpoint in the bucket, step (\d+)")
            resumed, step = time.monotonic() - killed, int(found[2])
            print(f"seen after {seen:.0f} s, resumed after {resumed:.0f} s, {reached - step} steps lost")
            assert int(found[1]) >= 2
            assert 0 <= reached - step <= 2 * step // int(found[1])
            until_down(stack, "worker-1", fires=True)
            _until(lines, r"train +mnist [0-9a-f]{12}: accuracy 0\.9")
            lines.read()
    finally:
        hosts.start(stack.folder, "worker-1")
    stack.until("head-1", idle, "2")


def test_the_model_is_registered_as_one_that_was_trained_here(stack: Site) -> None:
    models = json.loads(_datahall(stack, "models", "list", "--json").stdout)["models"]
    assert len(models) == 2
    assert {model["name"] for model in models} == {"mnist"}


def _served(stack: Site, planted: Path, port: int) -> Service:
    """An inventory with groups model and edge for a plain ``site.yml``, and the service that comes of it."""
    context = open_context("local", as_json=True)
    found = site.find(context)
    version = registry.require_production(found, "mnist")
    of = {Role.WORKER: ["worker-1", "worker-2"], Role.SERVICE: ["service-1"]}
    groups = inventory.groups(stack.folder, found, model="mnist", version=version)
    said = {
        group.name: {"hosts": dict.fromkeys(of[group.role]), "vars": dict(group.variables)}
        for group in groups
    }
    planted.write_text(json.dumps(said))
    url, ca = f"https://localhost:{port}", files.certificate(stack.folder)
    return Service("mnist", "local", 0, 0.0, url, port, "the hosts' journal", version, str(ca))


def test_the_model_is_served_by_the_workers_behind_the_edge(
    stack: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAHALL_HOME", str(stack.home))
    planted, port = tmp_path / "planted.json", ports.any_free()
    served = _served(stack, planted, port)
    asked = ("--tags", "network,serving,edge", "-i", "inventory/emulated.py", "-i", str(planted))
    leads = ["--hosts", str(stack.folder), "--aws", str(stack.home / "aws"), "--port", str(port)]
    with subprocess.Popen([sys.executable, "-m", way.__name__, *leads, "--edge", "198.18.0.20:443"]) as led:
        try:
            run = stack.playbook("site.yml", *asked, "--diff").succeeded()
            token = files.token(stack.folder).read_text().strip()
            assert token not in run.output
            Path(served.ca).write_text(stack.ssh("service-1", "sudo openssl x509 -in /etc/edge/edge.pem"))
            stack.playbook("acceptance.yml", "--limit", "service-1", *asked[2:]).succeeded()
            context = open_context("local", as_json=True)
            answer = asking.ask(context, site.find(context), served, data="digits", token=token)
            assert answer["model"] == {"name": "mnist", "version": served.model_version}
            with pytest.raises(OSError, match="answered 401"):
                post_json(f"{served.url}/predict", {}, ca=served.ca, token="another")
            ended = stack.playbook("site.yml", *asked, "-e", "serving_model=").succeeded()
            assert ended.changed["worker-1"] == ended.changed["worker-2"] == 2
            assert stack.try_ssh("worker-1", "systemctl cat model-server").returncode != 0
        finally:
            led.terminate()
            stack.ssh("service-1", "sudo systemctl disable --now haproxy")
    stack.playbook("site.yml", "--tags", "network").succeeded()


def test_nothing_of_a_training_is_left_on_the_hosts(stack: Site) -> None:
    for name in ("head-1", "worker-2"):
        assert "datahall" not in stack.ssh(name, "ls --almost-all; squeue --noheader --format=%j || true")


def test_a_mistake_is_told_as_it_is_here(stack: Site) -> None:
    done = _datahall(stack, "train", "mnist", "--on", "slurm", "--epochs", "0")
    assert done.returncode == 2
    assert "--epochs: 0: " in done.stderr
