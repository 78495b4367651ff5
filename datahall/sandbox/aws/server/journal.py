"""The journal: every request that changed something, in order, so that a restart can run them again.

One JSON object a line: `n` (its number, the seed of its randomness), `at` (seconds since the epoch),
`environ` (the request's WSGI environment), `body` or `blob` (the name of a file in `blobs/`), `crc`
(CRC-32 of the rest). The first line has the format's number and when the folder came to be.
A torn last line is a request whose caller never got an answer, and is dropped; damage
anywhere else is refused.
"""

import base64
import hashlib
import json
import os
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datahall.sandbox.aws.server.compact import needed

FORMAT = 1
_INLINE = 4096  # bytes; longer bodies are files of their own


class JournalError(Exception):
    """The journal cannot be trusted; says which file and line, and what to do."""


@dataclass(frozen=True)
class Request:
    """A request as moto sees it: the WSGI environment that matters, and the whole body."""

    environ: Mapping[str, Any]
    body: bytes


@dataclass(frozen=True)
class Entry:
    """A request that changed something, its number and its time (seconds since the epoch)."""

    n: int
    at: float
    request: Request


class Journal:
    """Append-only file of entries, with the longer bodies beside it."""

    def __init__(self, folder: Path, head: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        self.created = float(head["created"])
        self._folder = folder
        self._lines = lines
        self._next: int = 1 + max((line["n"] for line in lines), default=head.get("after", 0))
        self._file = (folder / "journal.jsonl").open("ab", buffering=0)
        self._written = self._synced = 0
        self._sync = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> "Journal":
        """Read the journal of `folder`, or begin one. Raises JournalError."""
        path = folder / "journal.jsonl"
        (folder / "blobs").mkdir(mode=0o700, exist_ok=True)
        if not path.exists() or not path.stat().st_size:
            _begin(path)
        head, *lines = _read(path)
        if head.get("journal") != FORMAT:
            raise _damaged(path, 1, f"format {head.get('journal')!r} is not {FORMAT}")
        kept = needed(lines)
        if len(kept) < len(lines):
            _replace(path, [head, *kept])
        _sweep(folder, kept)
        return cls(folder, head, kept)

    def entries(self) -> Iterator[Entry]:
        """Yield what was there when it was opened, oldest first. Raises JournalError for a lost body."""
        for number, line in enumerate(self._lines, start=2):
            yield Entry(line["n"], line["at"], Request(line["environ"], self._body(number, line)))
        self._lines = []

    def number(self) -> int:
        """Take the number of a request about to be run; one caller at a time."""
        self._next += 1
        return self._next - 1

    def append(self, entry: Entry) -> int:
        """Write an entry and return the mark to give to `sync`; one caller at a time."""
        line = {"n": entry.n, "at": entry.at, "environ": dict(entry.request.environ)}
        body = entry.request.body
        if len(body) > _INLINE:
            line["blob"] = self._store(body)
        elif body:
            line["body"] = base64.b64encode(body).decode()
        self._file.write(_line(line))
        self._written += 1
        return self._written

    def sync(self, mark: int) -> None:
        """Return once what `mark` stands for is on disk; callers that wait share one fsync."""
        with self._sync:
            if self._synced < mark:
                reached = self._written
                os.fsync(self._file.fileno())
                self._synced = reached

    def close(self, *, empty: bool = False) -> None:
        """Put all on disk; where nothing is left of what was done, begin again, the numbers going on."""
        os.fsync(self._file.fileno())
        self._file.close()
        if empty:
            _begin(self._folder / "journal.jsonl", after=self._next - 1)
            _sweep(self._folder, [])

    def _store(self, body: bytes) -> str:
        name = hashlib.sha256(body).hexdigest()
        path = self._folder / "blobs" / name
        if not path.exists():
            fresh = path.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        return name

    def _body(self, number: int, line: dict[str, Any]) -> bytes:
        if "blob" not in line:
            return base64.b64decode(str(line.get("body", "")))
        path: Path = self._folder / "blobs" / line["blob"]
        try:
            body = path.read_bytes()
        except FileNotFoundError:
            raise _damaged(self._folder / "journal.jsonl", number, f"its body {path} is gone") from None
        if hashlib.sha256(body).hexdigest() != line["blob"]:
            raise _damaged(path, 1, "its SHA-256 is not its name")
        return body


def _begin(path: Path, after: int = 0) -> None:
    _replace(path, [{"journal": FORMAT, "created": float(int(time.time())), "after": after}])


def _replace(path: Path, lines: list[dict[str, Any]]) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with fresh.open("wb") as file:
        file.writelines(_line(line) for line in lines)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _sweep(folder: Path, lines: list[dict[str, Any]]) -> None:
    """Delete the bodies that no line names."""
    named = {line.get("blob") for line in lines}
    for blob in (folder / "blobs").iterdir():
        if blob.name not in named:
            blob.unlink()


def _line(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, separators=(",", ":"))
    return json.dumps({**content, "crc": zlib.crc32(text.encode())}, separators=(",", ":")).encode() + b"\n"


def _read(path: Path) -> list[dict[str, Any]]:
    """Parse all lines; a torn last one is cut off the file."""
    raw = path.read_bytes()
    whole, _, torn = raw.rpartition(b"\n")
    found = [_parsed(path, number, line) for number, line in enumerate(whole.split(b"\n"), start=1)]
    if torn:
        print(f"{path}: dropped a torn last line of {len(torn)} bytes", flush=True)
        os.truncate(path, len(whole) + 1)
    return found


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(line)
        crc = content.pop("crc")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise _damaged(path, number, "not a line of a journal") from None
    if _line(content) != line + b"\n" or not isinstance(crc, int):
        raise _damaged(path, number, "its checksum does not match")
    return content


def _damaged(path: Path, number: int, what: str) -> JournalError:
    fix = f"put a good copy back, or delete {path.parent} to begin with an empty account"
    return JournalError(f"journal: {path} line {number}: {what}; {fix}")
