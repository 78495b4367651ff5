"""Where resources are declared, as a state records it: `project:///FILE#LINE`, relative to the project."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from pulumi.runtime.proto import resource_pb2, source_pb2

_IN_PATHS: Final = "/$&+,:;=@"  # what the official engine does not escape there


@dataclass(frozen=True)
class Place:
    """Where a resource is declared, and the calls that led there, the last first; "" for what has no file."""

    position: str = ""
    stack: tuple[str, ...] = ()


NOWHERE: Final = Place()
Registration = resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest
Caller = resource_pb2.RegisterResourceRequest | resource_pb2.ResourceCallRequest


class Places:
    """Reads places, for a project whose folder is `root`; each is kept once. Safe to call from threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts: dict[tuple[str, int, int], str] = {}
        self._stacks: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._callers: dict[str, tuple[str, ...]] = {}

    def of(self, request: Registration) -> Place:
        """The place of a request. What is no position in a file is left out."""
        return Place(self._text(request.sourcePosition), self._stack(request))

    @contextmanager
    def handle(self, request: Caller) -> Iterator[str]:
        """A name for the request's stack, by which a plugin tells meanwhile on whose behalf it registers."""
        name = str(uuid.uuid4())
        self._callers[name] = self._stack(request)
        try:
            yield name
        finally:
            del self._callers[name]

    def _stack(self, request: Registration | Caller) -> tuple[str, ...]:
        caller = self._callers.get(request.parentStackTraceHandle, ())
        stack = (*caller, *(self._text(frame.pc) for frame in request.stackTrace.frames))
        return self._stacks.setdefault(stack, stack)

    def _text(self, position: source_pb2.SourcePosition) -> str:
        key = (position.uri, position.line, position.column)
        text = self._texts.get(key)
        if text is None:
            text = self._texts.setdefault(key, _relative(*key, self._root))
        return text


def _relative(uri: str, line: int, column: int, root: Path) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    path = unquote(parts.path)
    if parts.scheme != "file" or not path.startswith("/") or line < 0 or column < 0:
        return ""
    where = f"{line},{column}" if column else str(line)
    return f"project:///{quote(os.path.relpath(path, root), _IN_PATHS)}#{where}"
