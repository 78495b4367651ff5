"""``--json`` and ``--event-log``: events in the official engine's form, one JSON object a line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

from cyclopts import Parameter

from datahall.errors import OperationError, UserError

if TYPE_CHECKING:
    from datahall import engine
    from datahall.commands.engine._target import Target

EventLog = Annotated[
    Path | None, Parameter(help="Write the events to a file, one JSON object a line.", show_default=False)
]
_PREVIEWS = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"


def streams(*, planning: bool) -> bool:
    """Whether ``--json`` streams; a preview is one object unless the environment says otherwise."""
    return not planning or os.environ.get(_PREVIEWS, "").lower() in ("1", "true")


@contextmanager
def streamed(
    target: Target, out: TextIO | None, event_log: Path | None, *, planning: bool, refreshing: bool
) -> Iterator[Callable[[engine.Event], None]]:
    """What is to hear the events of one operation, and writes them to `out` and to a new file.

    Raises:
        UserError: the file cannot be written.
    """
    if out is None and event_log is None:
        yield lambda _: None
        return
    from datahall.embedded import call
    from datahall.engine.config_edit import shown_config
    from datahall.engine.event_stream import EventStream

    config = call(lambda: shown_config(target.project, target.stack))
    with ExitStack() as files:
        written = [out] if out is not None else []
        if event_log is not None:
            written.append(files.enter_context(_opened(event_log)))

        def write(event: dict[str, Any]) -> None:
            line = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
            for file in written:
                print(line, file=file, flush=True)

        stream = EventStream(write, planning=planning, refreshing=refreshing)
        stream.begin(config)
        try:
            yield stream.hear
        except KeyboardInterrupt:
            stream.end("canceled")
            raise
        except (UserError, OperationError) as error:
            stream.end("failed", str(error))
            raise
        stream.end("succeeded")


def _opened(file: Path) -> TextIO:
    try:
        return file.open("w", encoding="utf-8")
    except OSError as error:
        raise UserError(
            "--event-log", str(file), f"cannot be written ({error.strerror})", "give another"
        ) from None
