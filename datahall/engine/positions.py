"""Where a program declares its resources: the stack of calls, gathered down to what runs the program.

The SDK gathers the whole stack, by the text of each line, and twice: what lies below the program is the
engine's own here, says nothing, and costs a fifth of the memory of a program of 10,000 resources.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Final

from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

_bottom: Final[ContextVar[str]] = ContextVar("the file that runs the program", default="")
_CONSTRUCTORS = 3  # of Resource, of CustomResource or ComponentResource, and of what the program makes


def gather_positions(bottom: str) -> None:
    """From now on, in this context, stacks end above the frames of the file `bottom`."""
    _bottom.set(bottom)


def _get_stack_trace() -> source_pb2.StackTrace:
    bottom = _bottom.get()
    return _gathered(sys._getframe(1), bottom) if bottom else _by_the_sdk()


def _gathered(top: FrameType, bottom: str) -> source_pb2.StackTrace:
    """The frames that the SDK would gather, but for those below the program."""
    frame: FrameType | None = top
    constructors = 0
    while frame is not None and constructors < _CONSTRUCTORS:
        constructors += frame.f_code.co_name == "__init__"
        frame = frame.f_back
    frames = []
    while frame is not None and frame.f_code.co_filename != bottom:
        frames.append(_frame(frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return source_pb2.StackTrace(frames=frames)


@lru_cache(maxsize=4096)
def _frame(file: str, line: int) -> source_pb2.StackFrame:
    """One frame; without a position where there is no such file, as within `runpy`."""
    path = Path(file)
    if not path.is_absolute():
        return source_pb2.StackFrame()
    return source_pb2.StackFrame(pc=source_pb2.SourcePosition(uri=path.as_uri(), line=line))


_by_the_sdk = resource._get_stack_trace
resource._get_stack_trace = _get_stack_trace
