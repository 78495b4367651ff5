"""Bytes as records: JSON lines, CSV, or one text; what cannot be read is handed to `reject`."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from workloads.pipeline.config import Format
from workloads.pipeline.record import TEXT, Fields, Reject

_SUFFIXES: Mapping[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".txt": "text",
    ".md": "text",
    ".rst": "text",
}
_NOT_UTF8 = "not UTF-8"


def parse(content: bytes, origin: str, form: Format, reject: Reject) -> Iterator[tuple[str, Fields]]:
    """Each record's fields and where it is; a file of no known form is rejected as a whole."""
    known = _SUFFIXES.get(PurePosixPath(origin).suffix.lower()) if form == "auto" else form
    if known is None:
        reject("unknown file format", origin, None)
        return
    yield from _READERS[known](content, origin, reject)


def _jsonl(content: bytes, origin: str, reject: Reject) -> Iterator[tuple[str, Fields]]:
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"{origin}:{number}"
        try:
            fields = json.loads(line.decode())
        except UnicodeDecodeError:
            reject(_NOT_UTF8, where, line.decode(errors="replace"))
        except (ValueError, RecursionError):
            reject("not JSON", where, line.decode())
        else:
            if isinstance(fields, dict):
                yield where, fields
            else:
                reject("not a JSON object", where, fields)


def _csv(content: bytes, origin: str, reject: Reject) -> Iterator[tuple[str, Fields]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        reject(_NOT_UTF8, origin, content.decode(errors="replace"))
        return
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    while True:
        where = f"{origin}:{rows.line_num + 1}"
        try:
            row = next(rows, None)
        except csv.Error as error:  # what follows cannot be told from what is broken
            reject(f"broken CSV ({error})", where, None)
            return
        if row is None:
            return
        if header is None:
            header = row
        elif len(row) != len(header):
            reject("another number of columns than the header", where, row)
        else:
            yield where, dict(zip(header, row, strict=True))


def _text(content: bytes, origin: str, reject: Reject) -> Iterator[tuple[str, Fields]]:
    try:
        yield origin, {TEXT: content.decode()}
    except UnicodeDecodeError:
        reject(_NOT_UTF8, origin, content.decode(errors="replace"))


_READERS: Mapping[Format, Callable[[bytes, str, Reject], Iterator[tuple[str, Fields]]]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "text": _text,
}
