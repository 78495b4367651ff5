"""A training's log: JSON lines, and a file that TensorBoard reads, over several starts of one run."""

from __future__ import annotations

import json
import resource
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event, SessionLog

from tests.workloads.conftest import ROOT, Place, command, environment, run
from workloads.data.__main__ import main as put_data
from workloads.errors import DivergedError, InvalidInputError
from workloads.events import silent
from workloads.training.logs import logged

PROGRESS = {"steps": 20, "unit": "samples", "lr": 0.1, "mfu": 0.5, "units_per_s": 9.0, "energy_j": 2.0}
EPOCH = {**PROGRESS, "epoch": 1, "of": 2, "headline": "accuracy"}


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def masked(content: bytes) -> int:
    crc = crc32c(content)
    return int(((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def records(file: Path) -> Iterator[bytes]:
    """A file of records as TensorFlow's format has it: length, its checksum, content, its checksum."""
    left = file.read_bytes()
    while left:
        (length, check), content = struct.unpack("<QI", left[:12]), left[12:]
        assert check == masked(left[:8])
        assert struct.unpack("<I", content[length : length + 4]) == (masked(content[:length]),)
        yield content[:length]
        left = content[length + 4 :]


def shown(folder: Path) -> dict[str, dict[int, float]]:
    """What TensorBoard shows: of each tag the values by step, less what a later start took back."""
    found: dict[str, dict[int, float]] = {}
    for file in sorted(folder.glob("events.out.tfevents.*")):
        events = [Event.FromString(record) for record in records(file)]
        assert events[0].file_version == "brain.Event:2"
        for event in events:
            if event.session_log.status == SessionLog.START:
                for values in found.values():
                    for step in [step for step in values if step >= event.step]:
                        del values[step]
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = round(value.simple_value, 4)
    return found


def test_a_run_that_goes_on_adds_to_its_log(tmp_path: Path) -> None:
    told: list[str] = []
    with logged(lambda event, **_: told.append(event), tmp_path) as emit:
        emit("started", run="r1", model="mnist")
        emit("epoch", step=10, loss=0.5, value=0.8, **EPOCH)
        emit("progress", step=15, loss=0.4, **PROGRESS)
    with (tmp_path / "r1" / "events.jsonl").open("a") as stream:
        stream.write('{"event": "prog')  # as a killed process leaves it
    with logged(silent, tmp_path) as emit:
        emit("started", run="r1", model="mnist")
        emit("resumed", run="r1", epoch=1, step=10)
        emit("progress", step=12, loss=0.3, **PROGRESS)
    assert told == ["logs", "started", "epoch", "progress"]
    log = lines(tmp_path / "r1")
    told = [line["event"] for line in log]
    assert told == ["started", "epoch", "progress", "started", "resumed", "progress"]
    assert [line.get("loss") for line in log] == [None, 0.5, 0.4, None, None, 0.3]
    assert log == sorted(log, key=lambda line: str(line["at"]))
    assert shown(tmp_path / "r1") == {
        "training/loss": {10: 0.5, 12: 0.3},
        "training/learning_rate": {10: 0.1, 12: 0.1},
        "training/samples_per_second": {10: 9.0, 12: 9.0},
        "training/mfu": {10: 0.5, 12: 0.5},
        "training/energy_joules": {10: 2.0, 12: 2.0},
        "held_out/accuracy": {10: 0.8},
    }


def test_what_ends_a_run_is_in_its_log(tmp_path: Path) -> None:
    log = logged(silent, tmp_path)
    log.__enter__()("started", run="r1")
    error = DivergedError("loss", float("nan"), "must stay finite (step 3)", "lower --lr")
    assert not log.__exit__(type(error), error, None)
    assert lines(tmp_path / "r1")[-1].items() >= {"event": "error", "field": "loss"}.items()


def test_a_log_that_cannot_be_written_any_more_is_told_once(tmp_path: Path) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    with logged(lambda event, **fields: told.append((event, fields)), tmp_path) as emit:
        emit("started", run="r1")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # as a full disk
        try:
            for step in range(4):
                emit("progress", step=step, loss=0.3, **PROGRESS)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [event for event, _ in told].count("progress") == 4
    assert [fields for event, fields in told if event == "unlogged"] == [
        {"folder": str(tmp_path), "reason": "File too large"}
    ]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InvalidInputError, match=r"--log-dir: .*can be written to"),
        logged(silent, tmp_path / "file") as emit,
    ):
        emit("started", run="r1")
    with pytest.raises(InvalidInputError, match="must be a folder of this machine"):
        logged(silent, Path("s3://bucket/logs")).__enter__()


@pytest.mark.train
def test_a_training_that_is_killed_and_goes_on_has_one_curve(place: Place, tmp_path: Path) -> None:
    assert put_data(["digits", "--site", str(place.file)], silent) == 0
    site = ("--site", place.file, "--events", "json", "--epochs", "6", "--log-dir", tmp_path)
    line = command("workloads.training", "mnist", *site)
    with subprocess.Popen(line, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            # A checkpoint is named when the next is begun: by the third epoch the first surely is.
            if json.loads(text)["event"] == "epoch" and json.loads(text)["epoch"] == 3:
                process.send_signal(signal.SIGKILL)
    ended = run(line)
    assert ended.code == 0, ended.err
    folder = Path(ended.event("logs")["folder"])
    assert folder.parent == tmp_path
    last = {line["step"]: line for line in lines(folder) if line["event"] == "epoch"}
    assert len(last) == 6
    assert shown(folder)["held_out/accuracy"] == {step: round(e["value"], 4) for step, e in last.items()}
    assert {line["event"] for line in lines(folder)} >= {"started", "resumed", "evaluated", "registered"}
