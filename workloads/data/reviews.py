"""Labelled texts: reviews.jsonl of a folder, or reviews made from a seed; one in five is held out."""

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random

from workloads.data.content import AGAIN, Content, held_out, names_of, once
from workloads.data.splits import as_lines
from workloads.errors import CorruptDataError, InvalidInputError

TRAIN, TEST, LABELS = "train.jsonl", "test.jsonl", "labels.json"

MADE = "made by workloads.data.reviews from seed 7: no person's words"
PREPARATION = "each text once; one in five, by its hash, held out"

_COUNT = 400
_HELD_OUT_OF = 5
_THINGS = (
    "kettle",
    "lamp",
    "jacket",
    "phone case",
    "backpack",
    "blender",
    "keyboard",
    "tent",
    "watch",
    "chair",
)
_OPENINGS = ("After two weeks", "To be honest", "As a gift", "Out of the box", "For the price", "On my trip")
_SAID = {
    "positive": (
        "works perfectly",
        "exceeded what I hoped for",
        "is a joy to use",
        "feels solid",
        "saved my day",
    ),
    "negative": ("broke at once", "was a waste of money", "never worked", "feels cheap", "let me down badly"),
}
_ENDS = {
    "positive": (
        "I would buy it again.",
        "Highly recommended.",
        "My family loves it.",
        "Delivery was quick.",
    ),
    "negative": ("I sent it back.", "Stay away from it.", "Support did not answer.", "I want a refund."),
}
_FIX = 'write each line as {"text": "...", "label": "..."}'

Labelled = tuple[str, str]


def made() -> Content:
    """Short reviews of goods, put together at random: easy, small, and the same anywhere."""
    random = Random(7)  # noqa: S311 - no secret hangs on it
    reviews = []
    for number in range(_COUNT):
        label = ("positive", "negative")[number % 2]
        parts = (random.choice(_OPENINGS), random.choice(_THINGS), random.choice(_SAID[label]))
        reviews.append(("{}, the {} {}. ".format(*parts) + random.choice(_ENDS[label]), label))
    return to_content(reviews)


def folder(source: Path) -> Content:
    """The labelled texts in `source`/reviews.jsonl; raises InvalidInputError or CorruptDataError."""
    path = source / "reviews.jsonl"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        rule = f"must hold reviews.jsonl in UTF-8 ({error})"
        raise InvalidInputError("--source", source, rule, "give a folder with that file") from None
    return to_content(_parse(text, path.name))


def to_content(reviews: list[Labelled]) -> Content:
    """The texts, divided by their hashes; raises InvalidInputError where a side or a class is missing."""
    parts: dict[str, list[Labelled]] = {TRAIN: [], TEST: []}
    kept, left_out = once(reviews)
    for text, label in kept:
        parts[TEST if held_out(text, _HELD_OUT_OF) else TRAIN].append((text, label))
    labels = sorted({label for _, label in parts[TRAIN]})
    unknown = sorted({label for _, label in parts[TEST]} - set(labels))
    if len(labels) < 2 or not parts[TEST] or unknown:
        rule = "must give two classes and more to learn from, and each held-out class among them"
        raise InvalidInputError("--source", f"{len(reviews)} texts", rule, "give more texts")
    files = {
        name: "".join(f"{json.dumps({'text': text, 'label': label})}\n" for text, label in part).encode()
        for name, part in parts.items()
    }
    counts = {"train": len(parts[TRAIN]), "test": len(parts[TEST]), "classes": len(labels), **left_out}
    return Content({**files, LABELS: json.dumps(labels).encode()}, counts)


def read_reviews(files: Mapping[str, bytes], name: str) -> tuple[list[str], list[int], list[str]]:
    """Texts, their classes' numbers, and the classes; raises CorruptDataError naming file and line."""
    files = as_lines(files)
    for file in (name, LABELS):
        if file not in files:
            rule = "must be a data set of labelled texts, with this file"
            raise CorruptDataError("--data", file, rule, "take reviews-made or reviews")
    labels = names_of(files[LABELS], LABELS)
    pairs = _parse(files[name].decode(errors="replace"), name)
    if not pairs:
        raise CorruptDataError(name, "empty", "must hold at least one text", AGAIN)
    for number, (_, label) in enumerate(pairs, 1):
        if label not in labels:
            rule = f"must be one of {', '.join(labels)}"
            raise CorruptDataError(f"{name} line {number}", label, rule, AGAIN)
    return [text for text, _ in pairs], [labels.index(label) for _, label in pairs], labels


def _parse(text: str, name: str) -> list[Labelled]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            pair = (entry["text"], entry["label"])
        except (ValueError, KeyError, TypeError):
            pair = (None, None)
        if not all(isinstance(part, str) and part.strip() for part in pair):
            raise CorruptDataError(f"{name} line {number}", line, "must be a text with its label", _FIX)
        found.append(pair)
    return found
