"""Ratings in MovieLens' formats, which FORMATS lists; each user's last one is held out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workloads.data.content import AGAIN, Content, names_of
from workloads.errors import CorruptDataError, InvalidInputError

TRAIN, TEST, USERS, ITEMS = "train.csv", "test.csv", "users.json", "items.json"

MOVIELENS = "MovieLens (GroupLens Research, University of Minnesota)"
LICENCE = "MovieLens: research use, no redistribution without permission"
PREPARATION = "users and items numbered in order of appearance; each user's last rating held out"
MADE = "made by workloads.data.ratings from seed 7: no person's ratings"

FORMATS = {"ratings.csv": ",", "ratings.dat": "::", "u.data": "\t"}
"""The file that a release of MovieLens has, and what divides its fields; the first that is there is read."""

_HEADER = "userId,movieId,rating,timestamp"
_FIX = "fetch the file again, or correct that line"
_OTHER = f"{AGAIN}, or take another"
_USERS, _ITEMS, _GENRES, _EACH = 400, 300, 6, 25


@dataclass(frozen=True)
class Rating:
    """One line."""

    user: str
    item: str
    rating: float
    time: int


def folder(source: Path) -> Content:
    """The ratings in one of `source`'s files of FORMATS; raises InvalidInputError naming a bad line."""
    for name, separator in FORMATS.items():
        path = source / name
        if path.is_file():
            return to_content(parse(path.read_text(encoding="utf-8", errors="replace"), name, separator))
    rule, fix = f"must hold one of {', '.join(FORMATS)}", "give the folder that MovieLens was unpacked to"
    raise InvalidInputError("--source", source, rule, fix)


def made() -> Content:
    """Users with a taste for few of six genres, items of unequal renown: small, and the same anywhere."""
    rng = np.random.default_rng(7)
    genre = rng.integers(0, _GENRES, _ITEMS)
    renown = 1 / np.arange(1, _ITEMS + 1) ** 0.6
    ratings = []
    for user in range(_USERS):
        taste = rng.dirichlet(np.full(_GENRES, 0.15))
        weight = renown * (taste[genre] + 0.002)
        chosen = rng.choice(_ITEMS, _EACH, replace=False, p=weight / weight.sum())
        stars = np.clip(np.round(2 + 4 * taste[genre[chosen]] + rng.normal(0, 0.5, _EACH)), 1, 5)
        for time in range(_EACH):
            ratings.append(Rating(str(user + 1), str(chosen[time] + 1), float(stars[time]), time))
    return to_content(ratings)


def parse(text: str, name: str, separator: str) -> list[Rating]:
    """The ratings in a file's text; raises CorruptDataError naming file and line."""
    lines = text.splitlines()
    if separator == ",":
        if not lines or lines[0].strip() != _HEADER:
            raise CorruptDataError(name, lines[0] if lines else "empty", f"must begin with {_HEADER}", _FIX)
        lines[0] = ""
    found = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            user, item, rating, time = line.split(separator)
            found.append(Rating(user.strip(), item.strip(), float(rating), int(time)))
        except ValueError:
            rule = f"must be user, item, rating and time, divided by {separator!r}"
            raise CorruptDataError(f"{name} line {number}", line, rule, _FIX) from None
    return found


def to_content(ratings: Iterable[Rating]) -> Content:
    """The ratings divided, users and items as numbers."""
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    by_user: dict[int, list[tuple[int, int, float]]] = {}
    for r in ratings:
        user, item = users.setdefault(r.user, len(users)), items.setdefault(r.item, len(items))
        by_user.setdefault(user, []).append((r.time, item, r.rating))
    train, test = list[str](), list[str]()
    for user, rated in by_user.items():
        rated.sort(key=lambda entry: entry[0])  # stable: of one time, the file's order
        lines = [f"{user},{item},{rating:g},{time}" for time, item, rating in rated]
        train += lines[:-1] if len(lines) > 1 else lines
        test += lines[-1:] if len(lines) > 1 else []
    if not test:
        rule = "must have at least one user with two ratings"
        raise InvalidInputError("--source", f"{len(train)} ratings", rule, "give more ratings")
    files = {
        TRAIN: "\n".join(train).encode(),
        TEST: "\n".join(test).encode(),
        USERS: json.dumps(list(users)).encode(),
        ITEMS: json.dumps(list(items)).encode(),
    }
    counts = {"train": len(train), "test": len(test), "users": len(users), "items": len(items)}
    return Content(files, counts)


def read_pairs(files: Mapping[str, bytes], name: str) -> NDArray[np.int64]:
    """Users and items (n, 2), one and more, in one of the files; raises CorruptDataError by file and line."""
    if name not in files:
        raise CorruptDataError("--data", name, "must be a data set of ratings, with this file", _OTHER)
    limits = [len(names_in(files, kind)) for kind in (USERS, ITEMS)]
    lines = files[name].decode(errors="replace").splitlines()
    if not lines:
        raise CorruptDataError(name, "empty", "must hold at least one rating", AGAIN)
    pairs = np.empty((len(lines), 2), dtype=np.int64)
    for number, line in enumerate(lines):
        try:
            user, item, _, _ = line.split(",")
            pairs[number] = int(user), int(item)
        except (ValueError, OverflowError):
            where, rule = f"{name} line {number + 1}", "must be user,item,rating,time"
            raise CorruptDataError(where, line, rule, AGAIN) from None
    outside = np.flatnonzero(((pairs < 0) | (pairs >= limits)).any(1))
    if len(outside):
        rule = f"must have a user below {limits[0]} and an item below {limits[1]}"
        raise CorruptDataError(f"{name} line {outside[0] + 1}", lines[outside[0]], rule, AGAIN)
    return pairs


def names_in(files: Mapping[str, bytes], kind: str) -> list[str]:
    """The users' or items' own names, by number; raises CorruptDataError naming the file."""
    if kind not in files:
        raise CorruptDataError("--data", kind, "must be a data set of ratings, with this file", _OTHER)
    return names_of(files[kind], kind)
