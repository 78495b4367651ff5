"""A checkpoint of a hub (an emulated one): copied, kept, checked, refused."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workloads.conftest import ROOT, Place, command, run
from tests.workloads.hub import COMMIT, REFUSALS, Hub, serving
from tests.workloads.smallest import tiny_bert
from workloads.data.__main__ import main as put_data
from workloads.events import silent
from workloads.fingerprint import sha256
from workloads.registry.store import Registry

FILES = {"config.json": b'{"model_type": "bert"}', "model.safetensors": b"weights", "pickled.bin": b"no"}
TOKEN = "hf_thisIsNoToken"
_SCRIPT = """
import sys
from workloads.errors import WorkloadError
from workloads.models import hub
hub._TIMEOUT_S = float(sys.argv[1])
for name in sys.argv[2:]:
    try:
        print(hub.snapshot(name, field="--by"))
    except WorkloadError as error:
        print(error.exit_code, error)
"""


def taken(home: Path, url: str, *names: str, wait: float = 10) -> list[str]:
    """What became of each checkpoint, in a process of its own: the library reads its environment once."""
    known = {**os.environ, "HF_ENDPOINT": url, "HF_HOME": str(home), "HF_TOKEN": TOKEN}
    known.pop("HF_HUB_OFFLINE", None)
    line = [sys.executable, "-c", _SCRIPT, str(wait), *names]
    ran = subprocess.run(line, cwd=ROOT, env=known, capture_output=True, text=True, check=True, timeout=60)
    assert TOKEN not in ran.stdout + ran.stderr
    return ran.stdout.splitlines()


def test_a_checkpoint_is_copied_once_and_is_there_without_the_hub(tmp_path: Path) -> None:
    with serving(Hub(FILES)) as hub:
        named, none, unknown = taken(tmp_path, hub.url, "who/small@v1", "who/other", "who/small@v9")
    assert Path(named).name == COMMIT
    assert {path.name for path in Path(named).iterdir()} == {"config.json", "model.safetensors"}
    assert none.startswith("2 --by: who/other: must be there: the hub has none")
    assert unknown.startswith("2 --by: who/small@v9: must be a revision that the hub has")
    began = time.monotonic()
    again, other, wrong = taken(tmp_path, hub.url, "who/small@v1", "who/more", "no such name")
    assert again == named
    assert other.startswith("2 --by: who/more: must be there")
    assert wrong.startswith("2 --by: no such name: must be there: no folder, no hub's name")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("where", ["on its way", "in the cache"])
def test_a_damaged_file_is_named(tmp_path: Path, where: str) -> None:
    with serving(Hub(FILES)) as hub:
        if where == "on its way":
            hub.damaged.add("model.safetensors")
        else:
            (folder,) = taken(tmp_path, hub.url, "who/small")
            (Path(folder) / "model.safetensors").resolve().write_bytes(b"weighed")
        (told,) = taken(tmp_path, hub.url, "who/small")
    assert told.startswith("2 --by: who/small: must have the hash that the hub gave model.safetensors")


def test_a_silent_hub_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (told,) = taken(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}", "who/small", wait=0.5)
    assert told.startswith("2 --by: who/small: must be there: the hub does not answer")


@pytest.mark.parametrize("closed", REFUSALS)
def test_who_may_not_read_is_told_of_the_token(tmp_path: Path, closed: str) -> None:
    with serving(Hub(FILES, closed=closed, token="hf_another")) as hub:
        (told,) = taken(tmp_path, hub.url, "who/small")
        assert told.startswith("2 --by: who/small: must be ")
        assert "may be read" in told
        assert "set HF_TOKEN to a token of yours that may read it" in told
        assert "answer" not in told
        hub.token = TOKEN
        (folder,) = taken(tmp_path, hub.url, "who/small")
        assert Path(folder).name == COMMIT


@pytest.mark.train
def test_a_private_checkpoint_at_a_revision_is_fine_tuned_and_asked(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put_data(["reviews-made", "--site", str(place.file)], silent) == 0
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    line = command("workloads.training", "sentiment", "--smoke", "--site", place.file, "--events", "json")
    line += ["--model-checkpoint", "who/small@v1", "--data-max-tokens", "32"]
    files = {path.name: path.read_bytes() for path in tiny_bert(tmp_path / "made").iterdir()}
    with serving(Hub(files, closed="private", token=TOKEN)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        refused = run(line)
        assert (refused.code, refused.event("error")["field"]) == (2, "--model-checkpoint")
        assert not Registry(place.buckets.registry, "sentiment").versions()
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        ran = run(line)
    assert ran.code == 0, ran.err
    assert TOKEN not in ran.err + json.dumps(ran.events)
    (version,) = Registry(place.buckets.registry, "sentiment").versions()
    assert version.card.config.model["revision"] == sha256(files["model.safetensors"])
    monkeypatch.setenv("HF_HOME", str(tmp_path / "another"))  # a version needs neither hub nor cache
    name = version.card.version
    ask = command("workloads.asking", "sentiment", "I love it", "--version", name, "--site", place.file)
    asked = run([*ask, "--events", "json"])
    assert asked.code == 0, asked.err
    assert asked.event("answer")
