"""The real chain, end to end: up, up again, status, predict, a service that dies, preview, down.

One environment for the whole file; the tests tell its story in order.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from datahall import ports, processes, programs, site
from datahall.context import open_context
from datahall.errors import UserError
from datahall.sandbox.aws import control

pytestmark = pytest.mark.xdist_group("chain")

CONTRACT = ["environment", "engine", "backend", "aws_endpoint", "outputs", "resources", "services", "models"]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Chain:
    home: Path
    port: int
    first: Ran

    def run(self, *arguments: str) -> Ran:
        return run(self.home, *arguments)

    def status(self) -> dict[str, Any]:
        return self.run("status", "local", "--json").json


def quiet_port() -> int:
    """A free port that the kernel gives to nobody until it is used, half a minute later."""
    first = 15_000 + os.getpid() % 15_000
    return next(port for port in range(first, first + 1000) if ports.is_free(port))


def run(home: Path, *arguments: str) -> Ran:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "AWS_"))}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "from datahall.cli import main; main()", *arguments],
        env={**kept, "DATAHALL_HOME": str(home), "HOME": str(home.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - began)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    home = tmp_path_factory.mktemp("chain") / "home"
    port = quiet_port()
    first = run(home, "up", "local", "--port", str(port), "--json")
    yield Chain(home, port, first)
    if home.exists():
        run(home, "down", "local")


def predict(port: int, body: object) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/predict", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        return answer.status, found
    finally:
        connection.close()


def test_up_provisions_trains_serves_and_answers(chain: Chain) -> None:
    assert chain.first.code == 0, chain.first.err
    result = chain.first.json
    assert result["changes"]["create"] > 50
    assert result["model"]["trained"]
    assert result["data"]["records"] == 1797
    assert 0 <= result["answer"]["said"] <= 9
    assert result["monthly_cost"]["monthly_usd"] > 100
    assert not any(found["outcome"] == "violation" for found in result["policy"])


def test_status_keeps_its_contract(chain: Chain) -> None:
    status = chain.status()
    assert list(status) == CONTRACT
    assert status["backend"] == f"file://{chain.home}/state"
    assert status["outputs"]["environment"] == "local"
    assert all(set(resource) == {"urn", "type", "id"} for resource in status["resources"])
    made = [each for each in status["resources"] if not each["type"].startswith("pulumi:providers:")]
    assert len(made) == chain.first.json["changes"]["create"]
    [service] = status["services"]
    assert service["name"] == "mnist"
    assert service["url"] == f"http://127.0.0.1:{chain.port}"
    assert service["ready"]
    [model] = status["models"]
    assert (model["name"], model["stage"]) == ("mnist", "production")
    assert model["metrics"]["accuracy"] >= 0.96


def test_the_model_reads_a_held_out_digit(chain: Chain) -> None:
    request = json.loads((chain.home / "outputs" / "local-request.json").read_text())
    code, answer = predict(chain.port, request)
    assert code == 200
    assert answer["predictions"][0]["label"] == chain.first.json["answer"]["said"]
    assert len(answer["predictions"][0]["scores"]) == 10
    assert answer["model"] == {"name": "mnist", "version": chain.status()["models"][0]["version"]}


@pytest.mark.parametrize("body", [{"instances": [[0.5] * 783]}, {"instances": "seven"}, {}])
def test_a_malformed_request_is_answered_with_what_is_wrong(chain: Chain, body: object) -> None:
    code, answer = predict(chain.port, body)
    assert 400 <= code < 500
    assert "instances" in json.dumps(answer)


def test_up_again_changes_and_trains_nothing(chain: Chain) -> None:
    before = chain.status()
    again = chain.run("up", "local", "--json", "--expect-no-changes")
    assert again.code == 0, again.err
    assert not again.json["changed"]
    assert not again.json["model"]["trained"]
    assert chain.status() == before


def test_preview_sees_no_change(chain: Chain) -> None:
    told = chain.run("preview", "local", "--expect-no-changes", "--json")
    assert told.code == 0, told.err
    assert not told.json["changed"]
    assert not [found for found in told.json["policy"] if found["outcome"] == "violation"]


def test_a_stage_runs_by_itself(chain: Chain, tmp_path: Path) -> None:
    told = chain.run("run", "judging", "mnist", "--report", str(tmp_path / "report"), "--events", "json")
    assert told.code == 0, told.err
    assert "<html" in (tmp_path / "report" / "report.html").read_text()
    refused = chain.run("run", "judging", "mnist", "--version", "none", "--report", str(tmp_path / "no"))
    assert refused.code == 2
    assert "Traceback" not in refused.err + refused.out


def test_a_service_and_an_emulated_aws_that_died_are_started_again(chain: Chain) -> None:
    before = chain.status()
    server = control.running(chain.home / "aws")
    assert server is not None
    for pid in (before["services"][0]["pid"], server.pid):
        process = psutil.Process(pid)
        process.kill()
        process.wait(10)
    dead = chain.status()
    assert dead["aws_endpoint"] is None
    assert not dead["services"][0]["ready"]
    again = chain.run("up", "local", "--json")
    assert again.code == 0, again.err
    assert not again.json["changed"]
    assert not again.json["model"]["trained"]
    after = chain.status()
    assert after["services"][0]["ready"]
    assert after["services"][0]["pid"] != before["services"][0]["pid"]
    assert after["models"] == before["models"]


def test_damaged_data_is_refused(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAHALL_HOME", str(chain.home))
    found = site.find(open_context("local"))
    for name, value in found.variables.items():
        monkeypatch.setenv(name, value)
    client, bucket = boto3.Session().client("s3"), chain.first.json["outputs"]["data_bucket"]
    listed = client.list_objects_v2(Bucket=bucket, Prefix="datasets/digits/")["Contents"]
    key = next(each["Key"] for each in listed if "t10k-images" in each["Key"])
    whole = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    client.put_object(Bucket=bucket, Key=key, Body=whole[:-1])
    with pytest.raises(UserError) as refused:
        programs.sample(found, "digits", 0)
    client.put_object(Bucket=bucket, Key=key, Body=whole)
    assert key in refused.value.field
    assert all((refused.value.value, refused.value.rule, refused.value.fix))
    assert programs.sample(found, "digits", 0)["index"] == 0


def test_down_leaves_nothing(chain: Chain) -> None:
    status, server = chain.status(), control.running(chain.home / "aws")
    assert server is not None
    told = chain.run("down", "local", "--json")
    assert told.code == 0, told.err
    assert told.json["left"] == []
    assert told.json["destroyed"]
    assert not processes.exists(status["services"][0]["pid"])
    assert not processes.exists(server.pid)
    assert ports.is_free(chain.port)
    assert ports.is_free(server.port)
    assert not chain.home.exists()


def test_down_again_says_that_nothing_is_up(chain: Chain) -> None:
    told = chain.run("down", "local")
    assert told.code == 0
    assert "nothing to take down" in told.out
