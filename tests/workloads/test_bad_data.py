"""Bad input: each fault of a data set with each model, as whoever trains one meets it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.workloads.conftest import Place
from tests.workloads.smallest import KINDS, MODELS, Train, put, refusal, versions
from workloads.data.content import Content


@pytest.fixture(scope="module")
def one_place(new_place: Callable[[], Place]) -> Place:
    return new_place()


@pytest.fixture
def place(one_place: Place) -> Iterator[Place]:
    """A site without what the test before left in it."""
    yield one_place
    one_place.empty()


def stored(change: Callable[[Place, str], object]) -> Callable[[Place, Content, str], None]:
    """A fault of an object that was whole when it was put there."""

    def spoil(place: Place, content: Content, name: str) -> None:
        for key in place.buckets.data.keys(""):  # what was damaged before looks whole to who puts it there
            place.buckets.data.delete(key)
        change(place, put(place, content).prefix + name)

    return spoil


def half(place: Place, key: str) -> None:
    body = place.buckets.data.get(key) or b""
    place.forget_hash(place.buckets.data.name, key, body[: len(body) // 2])


def written(change: Callable[[bytes], bytes | None]) -> Callable[[Place, Content, str], None]:
    """A fault of a file before it was put there: its hash is right."""

    def spoil(place: Place, content: Content, name: str) -> None:
        changed = change(content.files[name])
        others = {other: body for other, body in content.files.items() if other != name}
        put(place, replace(content, files=others if changed is None else {**others, name: changed}))

    return spoil


STORED = {"damaged": stored(half), "lost": stored(lambda place, key: place.buckets.data.delete(key))}
WRITTEN = {
    "cut": written(lambda body: body[: len(body) // 3]),
    "empty": written(lambda _: b""),
    "left out": written(lambda _: None),
}


def nothing_came_of_it(place: Place, name: str) -> None:
    assert versions(place, KINDS[name]) == []
    assert place.buckets.checkpoints.keys("") == []


@pytest.mark.parametrize("fault", STORED)
@pytest.mark.parametrize("name", KINDS)
def test_no_data_may_be_spoilt_where_they_lie(place: Place, train: Train, name: str, fault: str) -> None:
    files = KINDS[name].content.files
    largest = max(files, key=lambda file: len(files[file]))
    STORED[fault](place, KINDS[name].content, largest)
    assert largest in refusal(train(place, KINDS[name]), 2)
    nothing_came_of_it(place, name)


@pytest.mark.parametrize("fault", WRITTEN)
@pytest.mark.parametrize("name", KINDS)
def test_no_file_may_be_spoilt_before_it_was_put_there(
    place: Place, train: Train, name: str, fault: str
) -> None:
    for file in KINDS[name].content.files:
        WRITTEN[fault](place, KINDS[name].content, file)
        said = refusal(train(place, KINDS[name]), 2)
        assert file in said or (fault == "left out" and re.match("--data: .*: must be a data set", said))
    nothing_came_of_it(place, name)


def line(text: str) -> Callable[[bytes], bytes]:
    """That line in place of the last."""
    return lambda body: b"\n".join([*body.splitlines()[:-1], text.encode()])


def longer(body: bytes) -> bytes:
    return json.dumps([*json.loads(body), "another"]).encode()


def shorter(body: bytes) -> bytes:
    return b"\n".join(body.splitlines()[:-1])


def eleven(body: bytes) -> bytes:
    return body[:-1] + b"\x0b"


def answered(body: bytes) -> bytes:
    """Without the questions that have no answer."""
    return b"\n".join(each for each in body.splitlines() if b"null" not in each)


OUTSIDE: list[tuple[str, str, Callable[[bytes], bytes], str]] = [
    ("mnist", "train-labels-idx1-ubyte", eleven, r"11 \(record 299\).*labels from 0 to 9"),
    ("mnist-cnn", "t10k-labels-idx1-ubyte", eleven, r"11 \(record 100\).*labels from 0 to 9"),
    ("lm", "train.jsonl", line('{"text": 5}'), r"train\.jsonl: line \d+: must be"),
    ("recommender", "train.csv", line("0,17,4,1"), r"train\.csv line \d+: 0,17,4,1: .* item below 17"),
    ("recommender", "test.csv", line("-1,0,4,1"), r"test\.csv line 12: -1,0,4,1: .*user below 12"),
    ("recommender", "test.csv", line(f"{2**70},0,4,1"), r"test\.csv line 12: "),
    ("recommender", "test.csv", shorter, r"test records: 11: must be 12,"),
    ("recommender", "users.json", longer, r"users\.json: 13: must hold 12"),
    ("recommender", "items.json", longer, r"items\.json: 18: must hold 17"),
    ("recommender", "train.csv", line("0,0,4,1\n0,0,4,1"), r"train\.csv: 73: must hold 72"),
    ("sentiment", "train.jsonl", line('{"text": "x", "label": "so so"}'), "so so: must be one of bad, good"),
    ("sentiment", "labels.json", longer, r"labels\.json: 3: must have 2 names"),
    ("sentiment", "train.jsonl", lambda body: body + body, r"train records: \d+: must be \d+,"),
    ("chatbot", "train.jsonl", line('{"question": "Why?", "answer": null}'), "Why.: must have an answer"),
    (
        "chatbot",
        "calibration.jsonl",
        line('{"question": "Why?", "answer": "So"}'),
        "So: must be one of the 8",
    ),
    ("chatbot", "test.jsonl", answered, r"test\.jsonl: .*questions without one"),
]


@pytest.mark.parametrize("row", OUTSIDE, ids=[f"{name} {file}" for name, file, _, _ in OUTSIDE])
def test_nothing_may_be_outside_its_set(
    place: Place, train: Train, row: tuple[str, str, Callable[[bytes], bytes], str]
) -> None:
    name, file, change, said = row
    written(change)(place, KINDS[name].content, file)
    assert re.search(said, refusal(train(place, KINDS[name]), 2))
    assert versions(place, KINDS[name]) == []


@pytest.mark.parametrize("name", MODELS)
def test_data_of_another_kind_are_refused(place: Place, train: Train, name: str) -> None:
    put(place, KINDS["lm" if name != "lm" else "mnist"].content)
    assert re.search(
        r"--data: .*: must be a data set of", refusal(train(place, KINDS[name], "--batch-size", "8"), 2)
    )
