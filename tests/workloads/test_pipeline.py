"""`python -m workloads.pipeline`: from raw records of every source to a data set that models learn from."""

import json
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workloads.conftest import Place
from workloads import command
from workloads.data import store
from workloads.data.reviews import read_reviews
from workloads.pipeline.__main__ import main

GOOD, BAD = ("works well and I like it", "broke at once and I sent it back")


@dataclass
class Made:
    """A pipeline's file and folders, and how it is run."""

    place: Place
    folder: Path
    capsys: pytest.CaptureFixture[str]
    config: dict[str, Any]

    def tell(self, action: str, *arguments: object) -> tuple[int, list[dict[str, Any]]]:
        """Run the program; its exit code and events."""
        file = self.folder / "pipeline.yaml"
        file.write_text(yaml.safe_dump(self.config))
        line = [action, str(file), *map(str, arguments), "--work", str(self.folder / "work"), "--events=json"]
        if action == "run":
            line += ["--site", str(self.place.file)]
        code = command.run(main, line)
        return code, [json.loads(text) for text in self.capsys.readouterr().out.splitlines()]

    def stages(self) -> dict[str, dict[str, Any]]:
        """Run it; what each stage told."""
        code, events = self.tell("run")
        assert code == 0, events
        return {event["stage"]: event for event in events if event["event"] == "stage"}

    def kept(self) -> list[str]:
        """Every file that is not of the user's own."""
        return [str(path) for path in (self.folder / "work").rglob("*") if path.is_file()]


class Handler(BaseHTTPRequestHandler):
    """Fails at first, then breaks off, then answers; only with the token."""

    asked = 0

    def do_GET(self) -> None:
        body = b'{"verdict": "negative", "text": "card 4111 1111 1111 1111 was charged twice"}\n'
        Handler.asked += 1
        if self.headers["Authorization"] != "Bearer not-for-the-log":
            self.send_error(401)
            return
        self.send_response(500 if Handler.asked == 1 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:10] if Handler.asked == 2 else body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    """A document by HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.asked = 0
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/feed.jsonl?secret=abc"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def made(
    place: Place,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Made:
    """Four sources with everything in them that can be wrong."""
    monkeypatch.setenv("FEED_TOKEN", "not-for-the-log")
    raw = tmp_path / "raw"
    raw.mkdir()
    lines = [json.dumps({"text": f"Number {n}: it {(GOOD, BAD)[n % 2]}."}).encode() for n in range(40)]
    broken = [b"{", b"[1]", b'{"text": "\xff"}', b'{"text": 5}', b'{"text": "x", "n": NaN}', b'{"text": " "}']
    (raw / "a.jsonl").write_bytes(b"\n".join([*lines, *broken]))
    (raw / "b.csv").write_text(
        'review,verdict\n"Great, write to ada@example.org!",positive\nNumber 1: it broke'
        " at once and I sent it back!,negative\nonly one\nno idea,perhaps\n"
    )
    (raw / "c.bin").write_bytes(b"\0")
    place.buckets.data.put(
        "raw/d.txt", b"<p>Hm &amp; so, call +49 30 1234567</p>\r\n", content_type="text/plain"
    )
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("create table reviews (body text, stars int)")
        database.execute("insert into reviews values ('it works well and I like it, from 192.168.7.9', 5)")
    database.close()
    config = {
        "name": "shop-reviews",
        "source": "made here",
        "licence": "CC0-1.0",
        "collect": [
            {"kind": "files", "path": str(raw), "pattern": "a*"},
            {
                "kind": "files",
                "path": str(raw),
                "pattern": "[bc]*",
                "rename": {"text": "review", "label": "verdict"},
            },
            {"kind": "s3", "prefix": "raw/"},
            {"kind": "http", "urls": [address], "token_env": "FEED_TOKEN", "rename": {"label": "verdict"}},
            {"kind": "sql", "dsn": str(tmp_path / "shop.db"), "query": "select body as text from reviews"},
        ],
        "clean": {"html": True, "min_chars": 3},
        "deduplicate": {"near": 0.8},
        "label": {
            "labels": ["positive", "negative"],
            "rules": [
                {"label": "positive", "pattern": "(?i)works|like"},
                {"label": "negative", "pattern": "broke"},
            ],
        },
        "shard": {"records": 8, "held_out_of": 4},
    }
    return Made(place, tmp_path, capsys, config)


def test_every_record_is_in_the_data_set_or_in_quarantine_under_its_reason(made: Made) -> None:
    stages = made.stages()
    assert stages["collect"]["rejected"] == {
        "another number of columns than the header": 1,
        "no text": 1,
        "numbers that JSON does not have": 1,
        "not JSON": 1,
        "not UTF-8": 1,
        "not a JSON object": 1,
        "unknown file format": 1,
    }
    assert stages["collect"]["given"] == 40 + 1 + 3 + 3
    assert stages["clean"]["rejected"] == {"shorter than 3 characters": 1}
    assert stages["deduplicate"]["rejected"] == {"duplicate": 1}
    assert stages["mask"]["masked"]["by_kind"] == {"card": 1, "email": 1, "ip": 1, "phone": 1}
    assert stages["label"]["rejected"] == {"label outside the set": 1, "waiting for a person's label": 1}
    manifest = store.find(made.place.buckets.data, "shop-reviews")
    assert manifest.records["train"] + manifest.records["test"] == stages["label"]["given"] == 43
    files = store.load(made.place.buckets.data, manifest)
    told = b"".join(files.values())
    for personal in (b"ada@", b"4111", b"1234567", b"192.168", b"not-for-the-log", b"secret=abc"):
        assert personal not in told
    texts, classes, labels = read_reviews(files, "train.jsonl")
    held_out, _, _ = read_reviews(files, "test.jsonl")
    assert len(texts) == len(classes) == manifest.records["train"]
    assert labels == ["negative", "positive"]
    everything = dict(zip(texts, classes, strict=True))
    assert all(classes == ("works" in text) for text, classes in everything.items() if "Number" in text)
    assert "card [CARD] was charged twice" in [*texts, *held_out]
    assert not any(b"not-for-the-log" in Path(path).read_bytes() for path in made.kept())
    assert json.loads(files["report.json"])["label"]["given"] == 43


def test_what_is_done_is_not_done_again_and_a_persons_label_counts(made: Made) -> None:
    made.stages()
    first = store.find(made.place.buckets.data, "shop-reviews").version
    asked = Handler.asked
    assert not any(stage["made"] for stage in made.stages().values())
    assert (asked, store.find(made.place.buckets.data, "shop-reviews").version) == (3, first)
    _, (waiting,) = made.tell("review")
    assert waiting["text"] == "Hm & so, call [PHONE]"
    for arguments, field in (((waiting["id"], "perhaps"), "label"), (("0" * 16, "negative"), "id")):
        code, (error,) = made.tell("decide", *arguments)
        assert (code, error["field"]) == (2, field)
    assert made.tell("decide", waiting["id"], "negative")[0] == 0
    stages = made.stages()
    assert [name for name, stage in stages.items() if stage["made"]] == ["label"]
    assert stages["label"]["given"] == 44
    assert store.find(made.place.buckets.data, "shop-reviews").version != first
    assert made.tell("review") == (0, [])
    damaged = made.folder / "work" / "shop-reviews" / "clean.jsonl"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    assert [name for name, stage in made.stages().items() if stage["made"]] == ["clean"]
    assert Handler.asked == 3


def test_a_run_that_broke_off_goes_on_with_what_it_has(made: Made) -> None:
    made.config["collect"].append({"kind": "sql", "dsn": "nowhere.db", "query": "select 1"})
    code, (error,) = made.tell("run")
    assert (code, error["field"]) == (2, "collect sql")
    assert Handler.asked == 3
    made.config["collect"].pop()
    assert made.stages()["collect"]["given"] == 47
    assert Handler.asked == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "digits"}, "name"),
        ({"colour": 1}, "colour"),
        ({"collect": [{"kind": "files", "path": "/nowhere"}]}, "collect files"),
        ({"collect": [{"kind": "http", "urls": ["http://example.org/x.csv"]}]}, "collect.0.http.urls"),
        ({"collect": [{"kind": "http", "urls": ["https://u:p@example.org/"]}]}, "collect.0.http.urls"),
        (
            {"collect": [{"kind": "http", "urls": ["https://a/"], "token_env": "NO_SUCH"}]},
            "collect http variable",
        ),
        ({"collect": [{"kind": "sql", "query": "select 1"}]}, "collect.0.sql"),
        (
            {"collect": [{"kind": "sql", "driver": "json", "dsn": "x", "query": "select 1"}]},
            "collect sql driver",
        ),
        ({"label": {"labels": ["a", "b"], "rules": [{"label": "c", "pattern": "x"}]}}, "label"),
        (
            {"label": {"labels": ["a", "b"], "rules": [{"label": "a", "pattern": "("}]}},
            "label.rules.0.pattern",
        ),
        ({"mask": {"patterns": {"x": "["}}}, "mask.patterns"),
    ],
)
def test_what_does_not_fit_is_named_and_makes_nothing(made: Made, change: dict[str, Any], field: str) -> None:
    made.config.update(change)
    code, (error,) = made.tell("run")
    assert (code, error["field"]) == (2, field)
    assert not (made.folder / "work").exists()


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"kind": "http", "urls": ["https://me:s3cret@example.org/"]}, "1 entries"),
        (
            {"kind": "sql", "query": "q", "dsn": "password=s3cret", "dsn_env": "X"},
            "dsn, dsn_env, kind, query",
        ),
    ],
)
def test_of_what_has_members_no_secret_one_is_told(made: Made, source: dict[str, Any], value: str) -> None:
    made.config["collect"] = [source]
    code, (error,) = made.tell("run")
    assert (code, error["value"]) == (2, value)
    assert "s3cret" not in json.dumps(error)


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process grows beyond `room` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_leaves_nothing_that_could_be_taken_for_whole(made: Made) -> None:
    with full_disk(2500):
        code, events = made.tell("run")
    assert (code, events[-1]["event"], events[-1]["rule"]) == (1, "error", "must be writable")
    assert not [path for path in made.kept() if Path(path).parts[-2] != "raw"]
    assert made.stages()["label"]["given"] == 43
