"""Secrets of the configuration taken out of what is told: messages, errors, and what the program prints.

A value of less than three characters is left, as the official engine leaves it: it would be found everywhere.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from threading import Lock
from typing import Any, TextIO

from datahall.engine.errors import EngineError, PolicyViolation
from datahall.engine.values import SECRET_MASK

_SHORTEST = 3


class Mask:
    """Puts `[secret]` in the place of each secret, also as JSON or Python write it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
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
            error.results = tuple(replace(each, message=self(each.message)) for each in error.results)

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


class _Masked:
    """A stream that keeps back what may be the beginning of a secret."""

    def __init__(self, stream: TextIO, mask: Mask) -> None:
        self._stream, self._mask = stream, mask
        self._kept = ""
        self._lock = Lock()

    def write(self, text: str) -> int:
        with self._lock:
            known = self._kept + text
            place = self._mask.cut(known)
            self._kept = known[place:]
            self._stream.write(self._mask(known[:place]))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def end(self) -> None:
        with self._lock:
            self._stream.write(self._mask(self._kept))
            self._kept = ""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


def _forms(secret: str) -> set[str]:
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
