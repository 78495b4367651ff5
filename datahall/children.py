"""Programs that datahall runs and waits for: their events, line by line, as JSON objects on stdout."""

import json
import os
import subprocess
from collections.abc import Container, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from datahall.errors import OperationError, UserError
from datahall.processes import end

Event = dict[str, Any]
_LAST_WORDS = 15


def events(
    command: Sequence[str],
    *,
    title: str,
    variables: Mapping[str, str],
    log: Path,
    cwd: Path,
    answers: Container[int] = (0,),
) -> Generator[Event, None, None]:
    """Run a program; yield its events as they come. Whatever else it says goes to ``log``.

    ``answers`` are the exit codes with which it has done its work.

    Raises:
        UserError: it ended with exit code 2, having said which input was bad.
        OperationError: it failed in another way.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    problem: Event = {}
    with log.open("w") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            env={**os.environ, **variables},
            cwd=cwd,
        )
        try:
            for line in process.stdout or ():
                event = _parse(line)
                if event is None:
                    sink.write(line)
                    sink.flush()
                elif event["event"] == "error":
                    problem = event
                else:
                    yield event
            process.wait()
        finally:
            if process.poll() is None:
                end(psutil.Process(process.pid))
                process.wait()
            if process.stdout:
                process.stdout.close()
    if process.returncode in answers and not problem:
        return
    if problem:
        field, value, rule, fix = (str(problem.get(part, "")) for part in ("field", "value", "rule", "fix"))
        told = UserError(field, value, rule, fix)
        # A launcher such as torchrun hides the exit code of the program that it launched.
        code = problem.get("exit_code", process.returncode)
        raise told if code == 2 else OperationError(f"{title}: {told}")
    words = "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-_LAST_WORDS:])
    raise OperationError(
        f"{title} ended with exit code {process.returncode}; the end of its log {log}:\n{words}"
    )


def _parse(line: str) -> Event | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("event"), str) else None
