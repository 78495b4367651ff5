"""A run's log in a folder: its events as JSON lines, and their numbers as TensorBoard reads them.

`FOLDER/RUN/events.jsonl` has each event with the time it was told at (`at`, RFC 3339, UTC); a run that is
started again adds to it. Beside it lies a file for TensorBoard from each start. A start that goes on from
step N says so in it, and TensorBoard leaves out what an earlier one, that was killed, told of later steps.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.summary import scalar

from workloads.errors import InvalidInputError, WorkloadError
from workloads.events import Emit

_TAGS = {
    "loss": "training/loss",
    "lr": "training/learning_rate",
    "units_per_s": "training/{unit}_per_second",
    "mfu": "training/mfu",
    "energy_j": "training/energy_joules",
    "value": "held_out/{headline}",
}
"""A field of `progress` and `epoch` -> its tag in TensorBoard."""


@contextmanager
def logged(emit: Emit, folder: Path) -> Iterator[Emit]:
    """An emit that also writes to a log below `folder`, from the event `started` on.

    Raises InvalidInputError for a folder that cannot be written to. A log that can no longer be written, as
    the disk is full, is told once (`unlogged`); the training goes on without it.
    """
    if re.match(r"\w+:/", str(folder)):
        raise InvalidInputError("--log-dir", str(folder), "must be a folder of this machine", "give another")
    log: _Log | None = None

    def told(event: str, **fields: Any) -> None:  # noqa: ANN401 - whatever an event has
        nonlocal log
        if event == "started":
            log = _Log(folder / str(fields["run"]))
            emit("logs", folder=str(log.folder))
        emit(event, **fields)
        if log is not None and (problem := log.write(event, fields)):
            log.close()
            log = None
            emit("unlogged", folder=str(folder), reason=problem)

    try:
        yield told
    except WorkloadError as error:
        if log is not None:
            log.write("error", error.as_dict())
        raise
    finally:
        if log is not None:
            log.close()


class _Log:
    """The two files of one start of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lines = _opened(folder / "events.jsonl")
            self._events = EventsWriter(str(folder / "events"), f".{time.time_ns()}")
        except OSError as error:
            rule = f"must be a folder that can be written to ({error.strerror})"
            raise InvalidInputError("--log-dir", str(folder), rule, "give another") from None

    def write(self, event: str, fields: dict[str, Any]) -> str | None:
        """Write an event, at once; why it could not be, if so."""
        line = {"at": datetime.now(UTC).isoformat().replace("+00:00", "Z"), "event": event, **fields}
        try:
            print(json.dumps(line, allow_nan=False), file=self._lines, flush=True)
            for each in _as_tensorboard(event, fields):
                each.wall_time = time.time()
                self._events.write_event(each)
            self._events.flush()
        except OSError as error:
            return str(error.strerror)
        return None

    def close(self) -> None:
        """Every event is written when it is told; what a full disk refused is refused again."""
        for file in (self._lines, self._events):
            with suppress(OSError):
                file.close()


def _opened(file: Path) -> TextIO:
    """The file, to add to; without the part of a line that a killed process left."""
    with file.open("ab+") as stream:
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)
    return file.open("a")


def _as_tensorboard(event: str, fields: dict[str, Any]) -> Iterator[Event]:
    if event == "resumed":
        yield Event(step=fields["step"] + 1, session_log=SessionLog(status=SessionLog.START))
    if event not in ("progress", "epoch"):
        return
    for name, tag in _TAGS.items():
        if name in fields:
            yield Event(step=fields["step"], summary=scalar(tag.format(**fields), fields[name]))
