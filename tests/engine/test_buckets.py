"""State in a bucket of S3: the official layout, the same life, and what faults of the store do to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import Any, cast

import pulumi
import pytest

from datahall import engine
from datahall.engine import BrokenState, Op, StackLocked, StoreFailed
from datahall.engine.backend import Backend, StackFiles
from datahall.engine.lock import locked
from datahall.engine.storage.bucket_url import open_bucket
from datahall.engine.storage.store import Store

from .buckets import SECRET, Asked, Bucket, Cut, Fault, Late, Refuse, Stall, Swallow
from .conftest import World
from .programs import Thing

ROOT = Path(__file__).parents[2]
STATE = ".pulumi/stacks/proj/dev.json"
COPYING = r"aws s3 cp 's3://.*/history/.*checkpoint\.json' 's3://.*/dev\.json' --endpoint-url 'http://"
LOCKS = ".pulumi/locks/organization/proj/dev/"


def two() -> None:
    Thing("base", note=Thing("first").serial)


def is_whole(world: World) -> None:
    """What exists is what is recorded, once each, and nothing is pending."""
    recorded = world.recorded()
    assert recorded.pending == []
    ids = [data["id"] for data in recorded.resources if data["type"] == "cloud:index:Thing"]
    assert sorted(ids) == sorted(file.stem for file in world.cloud.glob("*.thing"))


def test_a_life_in_a_bucket(bucket_world: World, bucket: Bucket) -> None:
    world = bucket_world
    engine.init_stack(world.project, "dev", world.options)
    assert world.up(two).summary == {Op.CREATE: 3}
    assert [s.name for s in engine.list_stacks(world.project, world.options)] == ["dev"]
    assert not world.preview(two).changed
    world.tamper("base", size=9)
    assert world.refresh().summary[Op.REFRESH] == 1
    assert world.up(two).summary[Op.UPDATE] == 1
    is_whole(world)
    assert [r["kind"] for r in engine.stack_history(world.project, "dev", world.options)] == [
        "update",
        "refresh",
        "update",
    ]
    world.destroy()
    assert world.count() == 0
    kept = {key.rpartition("/")[0] for key in bucket.listed()}
    assert kept == {".pulumi", ".pulumi/stacks/proj", ".pulumi/history/proj/dev"}
    engine.remove_stack(world.project, "dev", world.options)
    assert bucket.listed() == [".pulumi/meta.yaml", f"{STATE}.bak"]
    assert bucket.read(".pulumi/meta.yaml") == b"version: 1\n"


def test_a_lock_lies_where_the_official_one_does_and_is_respected(
    bucket_world: World, bucket: Bucket
) -> None:
    seen: list[Any] = []

    def program() -> None:
        seen.extend(json.loads(bucket.read(key)) for key in bucket.listed() if key.startswith(LOCKS))

    bucket_world.up(program)
    assert [(lock["pid"], lock["hostname"]) for lock in seen] == [(os.getpid(), socket.gethostname())]
    bucket.write(f"{LOCKS}theirs.json", json.dumps({**seen[0], "hostname": "elsewhere"}).encode())
    with pytest.raises(StackLocked, match=rf"elsewhere.*aws s3 rm '.*{LOCKS}theirs"):
        bucket_world.up(program)
    bucket.write(f"{LOCKS}theirs.json", b'{"pid": 1, "hos')  # objects are whole: nobody was killed here
    with pytest.raises(StackLocked, match="not readable"):
        bucket_world.up(program)
    assert engine.cancel_stack(bucket_world.project, "dev", bucket_world.options) == ["theirs.json"]
    assert not bucket_world.up(program).changed


def test_a_lock_of_this_host_whose_owner_is_gone_is_taken_over(bucket_world: World, bucket: Bucket) -> None:
    owner = {"pid": os.getppid(), "username": "ann", "hostname": socket.gethostname()}
    bucket.write(f"{LOCKS}old.json", json.dumps({**owner, "timestamp": "2001-01-01T00:00:00Z"}).encode())
    bucket_world.up(two)
    assert any("stale" in text for text in bucket_world.said("warning"))
    assert not [key for key in bucket.listed() if key.startswith(LOCKS)]


def test_a_damaged_state_is_named_with_the_copy_to_take(bucket_world: World, bucket: Bucket) -> None:
    world = bucket_world
    world.up(two)
    world.up(lambda: Thing("other"))
    good = bucket.read(STATE)
    for damaged in (good[: len(good) // 2], good.replace(b"::other", b"::othe_"), b"", b"\0" * 99):
        bucket.write(STATE, damaged)
        with pytest.raises(
            BrokenState, match=r"aws s3 cp 's3://.*/history/.*checkpoint\.json' 's3://.*json' --endpoint"
        ):
            world.up(two)
        assert bucket.read(STATE) == damaged
    assert world.count() == 1


def test_a_layout_that_is_not_ours_is_refused(bucket_world: World, bucket: Bucket) -> None:
    bucket.write(".pulumi/stacks/dev.json", b"{}")
    with pytest.raises(engine.Unsupported, match="without projects"):
        bucket_world.up(two)
    assert bucket.listed() == [".pulumi/stacks/dev.json"]


def at_state(number: int, fault: Fault, *, once: bool = False) -> Callable[[Asked], Fault]:
    """Fail the state's n-th write, and unless `once` all after it."""
    return lambda asked: fault if asked.state == number or (asked.state > number and not once) else None


REFUSED = (Refuse(403, "AccessDenied"), r"written \(AccessDenied, status 403\); see to the credentials")
SILENT = (Stall(), r"no answer in time\); what was recorded is as it was")
FAILURES: list[tuple[Fault, str, int]] = [
    (*REFUSED, 3),
    (Refuse(503, "SlowDown"), r"SlowDown, status 503\); what was recorded is as it was", 3),
]
if "DATAHALL_FUZZ" in os.environ:  # and what waits for answers that do not come
    FAILURES += [
        (*REFUSED, 1),
        (Refuse(404, "NoSuchBucket"), r"NoSuchBucket, status 404\); make the bucket", 1),
        (*SILENT, 1),
        (*SILENT, 3),
    ]


@pytest.mark.parametrize(
    ("fault", "words", "number"),
    FAILURES,
    ids=[f"{type(f[0]).__name__} from the write {f[2]}" for f in FAILURES],
)
def test_a_store_that_fails_in_the_middle_loses_nothing(
    bucket_world: World, bucket: Bucket, fault: Fault, words: str, number: int
) -> None:
    world = bucket_world
    world.up(lambda: Thing("gone"))
    before = bucket.proxy.writes()
    bucket.proxy.fault = at_state(before + number, fault)
    with pytest.raises(StoreFailed, match=words) as caught:
        world.up(two, parallel=1)
    assert bucket.name in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(world.events)
    bucket.proxy.fault = lambda _: None
    engine.cancel_stack(world.project, "dev", world.options)  # where the lock could not be taken away
    world.up(two)
    is_whole(world)
    assert sorted(world.inventory()) == ["base", "first"]


def test_a_store_that_fails_once_is_asked_again(bucket_world: World, bucket: Bucket) -> None:
    bucket.proxy.fault = at_state(2, Refuse(503, "SlowDown"), once=True)
    bucket_world.up(two)
    is_whole(bucket_world)


def test_a_write_whose_answer_is_lost_was_done(bucket_world: World, bucket: Bucket) -> None:
    bucket.proxy.fault = at_state(2, Swallow(), once=True)
    bucket_world.up(two)
    is_whole(bucket_world)


def test_a_write_that_arrives_late_does_not_take_a_newer_state_away(
    bucket_world: World, bucket: Bucket
) -> None:
    go, done = threading.Event(), threading.Event()
    bucket.proxy.fault = at_state(2, Late(go, done), once=True)
    bucket_world.up(two)
    good = bucket.read(STATE)
    go.set()
    assert done.wait(60)
    assert bucket.read(STATE) == good


def test_a_state_that_another_writes_meanwhile_is_not_written_over(
    bucket_world: World, bucket: Bucket
) -> None:
    bucket_world.up(two)
    theirs = bucket.read(STATE) + b"\n"

    def program() -> None:
        bucket.write(STATE, theirs)  # its lock was cancelled, and another update began
        Thing("mine")

    with pytest.raises(StoreFailed, match="another one has changed it meanwhile"):
        bucket_world.up(program)
    assert bucket.read(STATE) == theirs


def test_content_that_breaks_off_is_asked_for_again(bucket_world: World, bucket: Bucket) -> None:
    bucket_world.up(two)
    cuts = iter([Cut()])
    bucket.proxy.fault = lambda asked: (
        next(cuts, None) if asked.method == "GET" and asked.path.endswith("dev.json") else None
    )
    assert not bucket_world.up(two).changed
    assert next(cuts, None) is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Refuse(403, "AccessDenied"), r"meta.yaml: cannot be read \(AccessDenied, status 403\)"),
        (Refuse(404, "NoSuchBucket"), "NoSuchBucket.*make the bucket, or correct its name"),
        (Refuse(403, "ExpiredToken"), "renew the credentials"),
    ],
)
def test_a_bucket_that_cannot_be_read_is_no_empty_stack(
    bucket_world: World, bucket: Bucket, fault: Fault, words: str
) -> None:
    bucket_world.up(two)
    keys = bucket.listed()
    bucket.proxy.fault = lambda _: fault
    for act in (bucket_world.preview, bucket_world.up):
        with pytest.raises(StoreFailed, match=words) as caught:
            act(lambda: Thing("new"))
        assert SECRET not in str(caught.value)
    assert (bucket.listed(), bucket_world.count()) == (keys, 2)


def test_where_nobody_listens_that_is_said(world: World, bucket: Bucket) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = bucket.url.replace(bucket.proxy.url, f"http://127.0.0.1:{unused.getsockname()[1]}")
        options = replace(world.options, backend=Backend(open_bucket("url", url, attempts=1)))
        with pytest.raises(StoreFailed, match="not reachable"):
            engine.up(world.project, "dev", replace(options, program=two))
    assert world.count() == 0


def test_without_credentials_that_is_said(
    world: World, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    options = replace(world.options, backend=Backend(open_bucket("url", bucket.url)))
    with pytest.raises(StoreFailed, match=r"no credentials\); set AWS_PROFILE"):
        engine.read_stack(world.project, "dev", options)


def test_a_stack_that_another_removed_can_be_made_again(bucket_world: World, bucket: Bucket) -> None:
    bucket_world.up(lambda: None)
    for key in bucket.listed():
        if "/stacks/" in key:
            bucket.client.delete_object(Bucket=bucket.name, Key=f"{bucket.prefix}/{key}")
    engine.init_stack(bucket_world.project, "dev", bucket_world.options)
    bucket_world.up(two)
    is_whole(bucket_world)


def test_a_program_may_refer_to_its_own_stack_while_that_is_written(
    bucket_world: World, bucket: Bucket
) -> None:
    bucket_world.up(two)
    for size in (2, 3):

        def program(size: int = size) -> None:
            pulumi.StackReference(f"self-{size}", "organization/proj/dev")
            for number in range(9):
                Thing(f"it-{number}", size=size)

        bucket_world.up(program)
    assert bucket_world.count() == 9


class Meeting:
    """A bucket at which all make their lock, and look again, at the same moment; afterwards as they come."""

    def __init__(self, store: Store, rivals: int) -> None:
        self._store, self._barrier = store, threading.Barrier(rivals)
        self._mine = threading.local()

    def names(self, folder: str) -> dict[str, float]:
        self._mine.looks = getattr(self._mine, "looks", 0) + 1
        found = self._store.names(folder)
        if self._mine.looks <= 2:
            self._barrier.wait(60)
        return found

    def write(self, key: str, content: bytes) -> str | None:
        etag = self._store.write(key, content)
        if self._mine.looks == 1:
            self._barrier.wait(60)
        return etag

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the rest is the bucket's
        return getattr(self._store, name)


def test_of_many_at_once_one_wins(bucket_world: World, bucket: Bucket) -> None:
    rivals = 4
    store = cast("Store", Meeting(open_bucket("the test", bucket.url), rivals))
    files = StackFiles(Backend(store), "proj", "dev")
    lost: Queue[str] = Queue()

    def update(_: int) -> str:
        try:
            with locked(files, lambda _: None):
                for _ in range(rivals - 1):  # it is held until all others have lost
                    lost.get(timeout=20)
        except StackLocked as error:
            lost.put(str(error))
            return "lost"
        return "won"

    with ThreadPoolExecutor(rivals) as pool:
        ended = sorted(pool.map(update, range(rivals)))
    assert ended == [*["lost"] * (rivals - 1), "won"]
    assert not [key for key in bucket.listed() if key.startswith(LOCKS)]


def killed(folder: str, salt: str, port: str, cloud: str, url: str) -> None:
    """An update in a process of its own, which is killed when its second thing is made."""
    world = World(Path(folder), salt, {"cloud": int(port)}, Path(cloud))
    store = open_bucket("the test", url)

    def program() -> None:
        first = Thing("first")
        first.serial.apply(lambda _: os.kill(os.getpid(), signal.SIGKILL))

    engine.up(world.project, "dev", replace(world.options, backend=Backend(store), program=program))


def test_an_update_that_was_killed_is_made_whole_by_the_next(
    bucket_world: World, bucket: Bucket, salt: str
) -> None:
    world = bucket_world
    code = "import sys; from tests.engine.test_buckets import killed; killed(*sys.argv[1:])"
    asked = [str(world.folder), salt, str(world.options.attach["cloud"]), str(world.cloud), bucket.url]
    done = subprocess.run([sys.executable, "-c", code, *asked], cwd=ROOT, check=False, timeout=300)
    assert done.returncode == -signal.SIGKILL
    assert len([key for key in bucket.listed() if key.startswith(LOCKS)]) == 1
    world.up(two)
    assert any("is stale, its process is gone" in text for text in world.said("warning"))
    is_whole(world)
    assert sorted(world.inventory()) == ["base", "first"]
    assert not [key for key in bucket.listed() if key.startswith(LOCKS)]


def test_a_renamed_stack_takes_all_along(bucket_world: World, bucket: Bucket) -> None:
    world = bucket_world
    world.up(two)
    bucket.write(".pulumi/stacks/proj/dev.pulumi-tags", b'{"version": 1, "tags": {"team": "red"}}')
    engine.rename_stack(world.project, "dev", "prod", world.options)
    assert [s.name for s in engine.list_stacks(world.project, world.options)] == ["prod"]
    assert len(engine.stack_history(world.project, "prod", world.options)) == 1
    left = [key for key in bucket.listed() if "/dev" in key]
    assert left == [f"{STATE}.bak"]
    assert b"red" in bucket.read(".pulumi/stacks/proj/prod.pulumi-tags")
    assert not engine.up(world.project, "prod", replace(world.options, program=two)).changed
