"""Shards, and records streamed from them."""

import io
import json
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workloads.conftest import Place
from tests.workloads.made import ORIGIN
from workloads.data import store
from workloads.data.content import Content
from workloads.data.manifest import Manifest
from workloads.data.shards import pack, unpack
from workloads.data.splits import INDEX, as_lines, shard_name
from workloads.data.stream import Stream
from workloads.errors import CorruptDataError, InvalidInputError

KEYS = st.text("0123456789abcdef", min_size=16, max_size=16)
PARTS = st.dictionaries(st.sampled_from(["json", "txt", "cls"]), st.binary(max_size=1500), min_size=1)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(KEYS, PARTS, max_size=5))
def test_samples_come_out_as_they_went_in_and_tar_reads_them(samples: dict[str, dict[str, bytes]]) -> None:
    content = pack(samples.items())
    assert list(unpack(content, "x")) == list(samples.items())
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert len(tar.getnames()) == sum(map(len, samples.values()))
    assert pack(samples.items()) == content


WHOLE = pack([(f"{n:016x}", {"json": b'{"text": "x"}'}) for n in range(3)])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3 * 1024 - 1))
def test_a_shard_that_is_cut_off_is_seen(at: int) -> None:
    with pytest.raises(CorruptDataError):
        list(unpack(WHOLE[:at], "x"))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 511), st.integers(1, 255))
def test_a_header_that_was_changed_is_seen(at: int, by: int) -> None:
    changed = bytearray(WHOLE)
    changed[1024 + at] = (changed[1024 + at] + by) % 256
    samples = list[object]()
    try:
        samples += unpack(bytes(changed), "x")
    except CorruptDataError:
        return
    assert at == 0  # a name that begins with zero ends the archive; the number of records tells
    assert len(samples) == 1


def sharded(place: Place, shards: int = 5, each: int = 7) -> Manifest:
    """A data set of numbered records."""
    names = [shard_name("train", number) for number in range(shards)]
    records = [{"text": str(number)} for number in range(shards * each)]
    files = {
        name: pack(
            (f"{n:016x}", {"json": json.dumps(records[n]).encode()})
            for n in range(at * each, (at + 1) * each)
        )
        for at, name in enumerate(names)
    }
    files[shard_name("test", 0)] = pack([("f" * 16, {"json": b'{"text": "held out"}'})])
    files[INDEX] = json.dumps({**dict.fromkeys(names, each), shard_name("test", 0): 1}).encode()
    content = Content(files, {"train": shards * each, "test": 1})
    manifest = store.describe(ORIGIN, content)
    store.publish(place.buckets.data, manifest, content, "r")
    return manifest


def numbers(stream: Stream, epoch: int = 0, start: int = 0) -> list[int]:
    return [int(record["text"]) for record in stream.records(epoch, start=start)]


def test_each_record_comes_once_an_epoch_to_one_rank_in_an_order_of_its_own(place: Place) -> None:
    manifest = sharded(place)
    ranks = [Stream(bucket=place.buckets.data, manifest=manifest, rank=rank, world_size=2) for rank in (0, 1)]
    first, again, second = ([numbers(rank, epoch) for rank in ranks] for epoch in (0, 0, 1))
    assert Counter(first[0] + first[1]) == Counter(range(35))
    assert first == again != second
    assert [numbers(ranks[0], 1, start) for start in (0, 3, 7, 20, 21)] == [
        second[0][at:] for at in (0, 3, 7, 20, 21)
    ]
    with pytest.raises(InvalidInputError, match="each of 6 ranks"):
        numbers(Stream(bucket=place.buckets.data, manifest=manifest, world_size=6))
    assert as_lines(store.load(place.buckets.data, manifest))["train.jsonl"].count(b"\n") == 35


def test_a_shard_that_is_missing_or_damaged_ends_the_stream_by_name(place: Place, tmp_path: Path) -> None:
    manifest, bucket = sharded(place), place.buckets.data
    cached = Stream(bucket=bucket, manifest=manifest, cache=tmp_path)
    whole = numbers(cached)
    key = manifest.prefix + shard_name("train", 2)
    place.forget_hash(bucket.name, key, b"half")
    plain = Stream(bucket=bucket, manifest=manifest)
    with pytest.raises(CorruptDataError, match=r"train-00002\.tar"):
        numbers(plain)
    bucket.delete(key)
    with pytest.raises(CorruptDataError, match=r"train-00002\.tar.*missing"):
        numbers(plain)
    assert numbers(cached) == whole
    for kept in tmp_path.iterdir():
        kept.write_bytes(b"half")
    with pytest.raises(CorruptDataError, match=r"train-00002\.tar"):
        numbers(cached)
