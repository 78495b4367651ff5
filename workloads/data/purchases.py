"""What was bought, and what was said of it: purchases and reviews as CSV or JSONL from a folder, or made.

Of one user's purchases of one item the first counts; each user's last is held out, and with it what that
user says of the item. Reviews are kept by item, without who wrote them.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workloads.data import ratings
from workloads.data.content import AGAIN, Content
from workloads.data.ratings import ITEMS, TEST, USERS, Rating
from workloads.errors import CorruptDataError, InvalidInputError

REVIEWS = "item_reviews.json"

PREPARATION = (
    "each user's first purchase of an item; the last of a user's held out, with what is said of it; "
    "reviews by item, without their authors"
)
MADE = "made by workloads.data.purchases from seed 11: no person's purchases or reviews"

_FIX = "correct that line"
_PURCHASE, _REVIEW = ("user", "item", "time"), ("user", "item", "text")
_KINDS = ("the kitchen", "the garden", "children", "the office", "winter sports", "music")
_USERS, _ITEMS, _EACH = 200, 240, 6


@dataclass(frozen=True)
class Review:
    """What a user says of an item."""

    user: str
    item: str
    text: str


def folder(source: Path) -> Content:
    """`source`/purchases.csv or .jsonl, and reviews.csv or .jsonl where there are any.

    CSV has a header that names user, item, time (seconds) and user, item, text; JSONL the same as members
    of an object a line; further ones are not read. Raises InvalidInputError or CorruptDataError.
    """
    bought, said = list[Rating](), list[Review]()
    for where, row in _rows(source, "purchases", _PURCHASE, needed=True):
        try:
            bought.append(Rating(row["user"], row["item"], 1.0, int(row["time"])))
        except ValueError:
            raise CorruptDataError(f"{where} time", row["time"], "must be a whole number", _FIX) from None
    for _, row in _rows(source, "reviews", _REVIEW, needed=False):
        said.append(Review(row["user"], row["item"], row["text"]))
    return to_content(bought, said)


def to_content(bought: Iterable[Rating], said: Iterable[Review]) -> Content:
    """Purchases divided as ratings are, and each item's reviews; what is left out is counted."""
    first: dict[tuple[str, str], Rating] = {}
    given = sorted(bought, key=lambda one: one.time)
    for one in given:
        first.setdefault((one.user, one.item), one)
    content = ratings.to_content(first.values())
    users, items = (json.loads(content.files[name]) for name in (USERS, ITEMS))
    held_out = {(users[user], items[item]) for user, item in ratings.read_pairs(content.files, TEST)}
    numbers = {name: number for number, name in enumerate(items)}
    kept: list[list[str]] = [[] for _ in items]
    counts = {"reviews": 0, "reviews_held_out": 0, "reviews_of_unbought": 0}
    for review in said:
        if review.item not in numbers:
            counts["reviews_of_unbought"] += 1
        elif (review.user, review.item) in held_out:
            counts["reviews_held_out"] += 1
        else:
            counts["reviews"] += 1
            kept[numbers[review.item]].append(review.text)
    counts["repeats"] = len(given) - len(first)
    files = {**content.files, REVIEWS: json.dumps(kept).encode()}
    return Content(files, {**content.records, **counts})


def made() -> Content:
    """Many items, each bought by few, whose reviews tell for what they are: small, and the same anywhere."""
    rng = np.random.default_rng(11)
    kind = rng.integers(0, len(_KINDS), _ITEMS)
    bought, said = list[Rating](), list[Review]()
    praise = ("Very good for {}.", "I bought it for {} and like it.", "Just what one needs for {}!")
    for user in range(_USERS):
        taste = rng.dirichlet(np.full(len(_KINDS), 0.1))
        weight = taste[kind] + 0.002
        for time, item in enumerate(rng.choice(_ITEMS, _EACH, replace=False, p=weight / weight.sum())):
            bought.append(Rating(str(user + 1), f"item-{item + 1}", 1.0, time))
            if rng.random() < 0.5:
                text = praise[int(rng.integers(len(praise)))].format(_KINDS[kind[item]])
                said.append(Review(str(user + 1), f"item-{item + 1}", text))
    return to_content(bought, said)


def read_reviews(files: Mapping[str, bytes], items: int) -> list[list[str]]:
    """Each item's reviews; raises CorruptDataError for another number of items, or another form."""
    try:
        kept = json.loads(files[REVIEWS])
        whole = len(kept) == items and all(isinstance(text, str) for texts in kept for text in texts)
    except (KeyError, ValueError, TypeError):
        kept, whole = [], False
    if not whole:
        rule = f"must be the reviews of {items} items as workloads.data keeps them"
        raise CorruptDataError(REVIEWS, f"{len(kept)} items", rule, AGAIN)
    return [list(texts) for texts in kept]


def _rows(
    source: Path, stem: str, fields: tuple[str, ...], *, needed: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """Where a row is, and its fields."""
    paths = [path for path in (source / f"{stem}.csv", source / f"{stem}.jsonl") if path.is_file()]
    if len(paths) > 1 or (needed and not paths):
        rule, fix = f"must hold one of {stem}.csv and {stem}.jsonl", "give a folder with that file"
        raise InvalidInputError("--source", source, rule, fix)
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        for where, row in _csv(path.name, text) if path.suffix == ".csv" else _jsonl(path.name, text):
            found = {name: row.get(name) for name in fields}
            for name, value in found.items():
                if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
                    rule = f"must have {', '.join(fields)}"
                    raise CorruptDataError(f"{where} {name}", value, rule, _FIX)
            yield where, {name: str(value).strip() for name, value in found.items()}


def _csv(name: str, text: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for row in reader:
        yield f"{name} line {reader.line_num}", row


def _jsonl(name: str, text: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise CorruptDataError(f"{name} line {number}", line, "must be a JSON object", _FIX)
        yield f"{name} line {number}", row
