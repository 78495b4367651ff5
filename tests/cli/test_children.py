"""Programs that are run and waited for."""

import json
import sys
from pathlib import Path

import pytest

from datahall import children, processes
from datahall.errors import OperationError, UserError


def told(tmp_path: Path, program: str, answers: tuple[int, ...] = (0,)) -> list[children.Event]:
    command = [sys.executable, "-c", program]
    log = tmp_path / "log"
    return list(children.events(command, title="it", variables={}, log=log, cwd=tmp_path, answers=answers))


def test_events_are_told_apart_from_what_else_a_program_says(tmp_path: Path) -> None:
    program = 'print("noise"); print(\'{"event": "epoch", "epoch": 1}\'); print("[1]")'
    assert told(tmp_path, program) == [{"event": "epoch", "epoch": 1}]
    assert (tmp_path / "log").read_text() == "noise\n[1]\n"


def error(code: int) -> str:
    parts = {"field": "--epochs", "value": "0", "rule": "too few", "fix": "more"}
    return f"print({json.dumps({'event': 'error', **parts, 'exit_code': code})!r}); "


@pytest.mark.parametrize("code", [2, 1], ids=["itself", "behind a launcher"])
def test_a_programs_bad_input_is_the_users(tmp_path: Path, code: int) -> None:
    with pytest.raises(UserError, match="--epochs: 0: too few; more"):
        told(tmp_path, f"{error(2)}raise SystemExit({code})")


def test_a_programs_other_errors_are_failures(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="it: --epochs: 0: too few"):
        told(tmp_path, f"{error(1)}raise SystemExit(1)")
    with pytest.raises(OperationError, match=r"it ended with exit code 3(.|\n)*last words"):
        told(tmp_path, "import sys; print('last words', file=sys.stderr); raise SystemExit(3)")
    assert told(tmp_path, "raise SystemExit(3)", answers=(0, 3)) == []


def test_a_program_that_is_not_waited_for_is_ended(tmp_path: Path) -> None:
    program = (
        'import os, time; print(\'{"event": "pid", "pid": %d}\' % os.getpid(), flush=True); time.sleep(60)'
    )
    running = children.events(
        [sys.executable, "-c", program], title="it", variables={}, log=tmp_path / "log", cwd=tmp_path
    )
    pid = next(iter(running))["pid"]
    running.close()
    assert not processes.exists(pid)
