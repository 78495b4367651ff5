"""Secrets of the configuration taken out of what is told: messages, errors, and what the program prints.

A value of less than three characters is left, and so are `true` and `false`, as the official engine leaves
them: they would be found everywhere.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from threading import Lock
from typing import Any, BinaryIO, TextIO

from datahall.engine.errors import EngineError, PolicyViolation
from datahall.engine.events import PolicyResult
from datahall.engine.values import SECRET_MASK

_SHORTEST = 3
_EVERYWHERE = ("true", "false")
_ONE_EACH = "latin-1"
"""The encoding in which every byte is a character."""


class Mask:
    """Puts `[secret]` in the place of each secret, also as JSON or Python write it."""

    def __init__(self, secrets: Iterable[str] = (), *, encoding: str | None = None) -> None:
        """`encoding`: the texts are bytes in it, read as `latin-1`."""
        hidden = (each for each in secrets if len(each) >= _SHORTEST and each not in _EVERYWHERE)
        self._secrets = tuple(hidden)
        forms = {form for secret in self._secrets for form in _forms(secret)}
        if encoding is not None:
            forms = {form.encode(encoding, "replace").decode(_ONE_EACH) for form in forms}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._initials = {form[0] for form in self._forms}
        self._pattern = re.compile("|".join(map(re.escape, self._forms)) or r"(?!)")

    def __bool__(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self._forms)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(SECRET_MASK, text)

    def cut(self, text: str) -> int:
        """Up to where a text that goes on can be told: what follows may be the beginning of a secret."""
        first = max(0, len(text) - len(self._forms[0])) if self else 0
        begins = (at for at in range(first, len(text)) if text[at] in self._initials)
        place = next((at for at in begins if self._may_begin(text[at:])), len(text))
        for match in self._pattern.finditer(text):
            if match.start() < place < match.end():
                return match.start()
        return place

    def hide_in(self, error: EngineError) -> None:
        """Take the secrets out of an error's text."""
        error.args = tuple(self(each) if isinstance(each, str) else each for each in error.args)
        if isinstance(error, PolicyViolation):
            error.results = tuple(map(self.hidden, error.results))

    def hidden(self, result: PolicyResult) -> PolicyResult:
        """What a policy found, without secrets."""
        described = result.description and self(result.description)
        return replace(result, message=self(result.message), description=described)

    def of_bytes(self, encoding: str) -> Mask:
        """The mask for texts that are bytes in `encoding`, read as `latin-1`."""
        return Mask(self._secrets, encoding=encoding)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """What an error says that is raised within has no secret in it."""
        try:
            yield
        except EngineError as error:
            self.hide_in(error)
            raise

    def _may_begin(self, text: str) -> bool:
        return any(form.startswith(text) for form in self._forms)

    @contextmanager
    def printing(self) -> Iterator[None]:
        """What is printed within has no secret in it, however it is divided."""
        if not self:
            yield
            return
        out, err = _Masked(sys.stdout, self), _Masked(sys.stderr, self)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                yield
            finally:
                out.end()
                err.end()


class _Keeping:
    """Hands texts on, but for what may be the beginning of a secret."""

    def __init__(self, put: Callable[[str], object], mask: Mask) -> None:
        self._put, self._mask = put, mask
        self._kept = ""
        self._lock = Lock()

    def write(self, text: str) -> None:
        with self._lock:
            known = self._kept + text
            place = self._mask.cut(known)
            self._kept = known[place:]
            self._put(self._mask(known[:place]))

    def end(self) -> None:
        with self._lock:
            self._put(self._mask(self._kept))
            self._kept = ""


class _Masked:
    """A stream without secrets, and so is what is written to its `buffer`, if it has one."""

    def __init__(self, stream: TextIO, mask: Mask) -> None:
        self._stream = stream
        self._kept = _Keeping(stream.write, mask)
        if hasattr(stream, "buffer"):
            self.buffer = _MaskedBytes(stream.buffer, mask.of_bytes(stream.encoding))

    def write(self, text: str) -> int:
        self._kept.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def end(self) -> None:
        self._kept.end()
        if hasattr(self, "buffer"):
            self.buffer.end()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


class _MaskedBytes:
    """The same for bytes."""

    def __init__(self, stream: BinaryIO, mask: Mask) -> None:
        self._stream = stream
        self._kept = _Keeping(lambda text: stream.write(text.encode(_ONE_EACH)), mask)
        self.end = self._kept.end

    def write(self, content: bytes | bytearray | memoryview) -> int:
        text = str(content, _ONE_EACH)
        self._kept.write(text)
        return len(text)

    def writelines(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


def _forms(secret: str) -> set[str]:
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
