"""Plain texts: Python's own reference, or files from a folder; a text is a record, whole."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from workloads.data.content import AGAIN, Content, held_out, once
from workloads.data.splits import as_lines
from workloads.errors import CorruptDataError, InvalidInputError

TRAIN, TEST = "train.jsonl", "test.jsonl"

REFERENCE = "CPython's pydoc_data.topics: the language reference, as help() shows it"
LICENCE = "PSF-2.0"
PREPARATION = "one record a text; one in ten, by its hash, held out"

_SUFFIXES = (".txt", ".md", ".rst")
_HELD_OUT_OF = 10


def reference() -> Content:
    """Python's language reference: about 460 kB that every Python carries."""
    from pydoc_data.topics import topics  # noqa: PLC0415 - 460 kB that only this needs

    return to_content([text for _, text in sorted(topics.items())])


def folder(source: Path) -> Content:
    """Every .txt, .md and .rst file under `source`; raises InvalidInputError naming one that is not text."""
    paths = sorted(path for path in source.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    texts = []
    for path in paths:
        try:
            texts.append(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInputError("--source", path, f"must be UTF-8 text ({error})", "remove it") from None
    return to_content([text for text in texts if text.strip()])


def to_content(texts: list[str]) -> Content:
    """The texts, divided by their hashes: the same text is always on the same side."""
    parts: dict[str, list[str]] = {TRAIN: [], TEST: []}
    kept, left_out = once(texts)
    for text in kept:
        parts[TEST if held_out(text, _HELD_OUT_OF) else TRAIN].append(text)
    for name, part in parts.items():
        if not part:
            rule = f"must give at least one text for {name}; there are {len(texts)}"
            raise InvalidInputError("--source", f"{len(texts)} texts", rule, "give more files")
    files = {
        name: "".join(f"{json.dumps({'text': text})}\n" for text in part).encode()
        for name, part in parts.items()
    }
    return Content(files, {"train": len(parts[TRAIN]), "test": len(parts[TEST]), **left_out})


def read_texts(files: Mapping[str, bytes], name: str) -> list[str]:
    """The texts in one of the files, one and more; raises CorruptDataError naming file and line."""
    files = as_lines(files)
    if name not in files:
        raise CorruptDataError("--data", name, "must be a data set of texts, with this file", AGAIN)
    texts = texts_of(files[name].splitlines(), name)
    if not texts:
        raise CorruptDataError(name, "empty", "must hold at least one text", AGAIN)
    return texts


def texts_of(records: Iterable[bytes], name: str) -> list[str]:
    """The texts of records as JSON; raises CorruptDataError naming the file they are of and the line."""
    texts = []
    for number, line in enumerate(records, 1):
        try:
            text = json.loads(line.decode(errors="replace"))["text"]
        except (ValueError, KeyError, TypeError):
            text = None
        if not isinstance(text, str):
            raise CorruptDataError(name, f"line {number}", 'must be {"text": "..."}', AGAIN)
        texts.append(text)
    return texts
