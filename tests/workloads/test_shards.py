"""Shards, and records streamed from them."""

import io
import json
import tarfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workloads.conftest import Place
from tests.workloads.made import ORIGIN
from workloads.data import store
from workloads.data.content import Content
from workloads.data.manifest import Manifest
from workloads.data.shards import pack, unpack
from workloads.data.splits import INDEX, shard_name
from workloads.data.stream import Source, Stream, lanes_of
from workloads.errors import CorruptDataError

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


def stream(place: Place, manifest: Manifest, lanes: int = 4, buffer: int = 12) -> Stream[int]:
    source = Source(place.buckets.data, manifest)

    def numbers(content: bytes, name: str) -> list[int]:
        return [int(json.loads(parts["json"])["text"]) for _, parts in unpack(content, name)]

    return Stream(source=source, counts=source.counts(), unpack=numbers, seed=1, lanes=lanes, buffer=buffer)


def taken(stream: Stream[int], epoch: int = 0, start: int = 0, rank: int = 0, ranks: int = 1) -> list[int]:
    """What a rank reads of batches of eight."""
    batches = stream.batches(epoch, 8, range(rank, 8, ranks), start=start)
    return [number for batch in batches for number in batch]


@pytest.mark.parametrize("lanes", [1, 4])
def test_the_order_of_an_epoch_is_the_same_for_any_number_of_ranks(place: Place, lanes: int) -> None:
    made = stream(place, sharded(place), lanes)
    first, again, second = (taken(made, epoch) for epoch in (0, 0, 1))
    assert len(set(first)) == len(first) == 32  # of 35 in batches of eight
    assert first == again != second
    for ranks in (2, 4, 8):
        parts = [taken(made, 1, rank=rank, ranks=ranks) for rank in range(ranks)]
        assert [number for each in zip(*parts, strict=True) for number in each] == second
    assert [taken(made, 1, start) for start in (1, 2, 3)] == [second[8 * at :] for at in (1, 2, 3)]
    assert Counter(number for epoch in range(6) for number in taken(made, epoch)).keys() == set(range(35))


def test_ranks_that_divide_the_lanes_read_shards_of_their_own(place: Place) -> None:
    manifest, read = sharded(place, shards=8, each=8), list[list[str]]()
    for rank in (0, 1):
        names = list[str]()
        made = stream(place, manifest)

        def noted(
            content: bytes,
            name: str,
            names: list[str] = names,
            unpack: Callable[[bytes, str], Sequence[int]] = made.unpack,
        ) -> Sequence[int]:
            names.append(name)
            return unpack(content, name)

        taken(replace(made, unpack=noted), rank=rank, ranks=2)
        read.append(names)
    assert not set(read[0]) & set(read[1])
    assert Counter(read[0] + read[1]) == dict.fromkeys((shard_name("train", n) for n in range(8)), 1)


def test_lanes_divide_a_batch_and_have_a_shard() -> None:
    assert [lanes_of(*given) for given in ((96, 8, 60), (96, 8, 5), (15, 8, 60), (7, 3, 9))] == [8, 4, 5, 1]


def test_a_shard_that_is_missing_damaged_or_short_ends_the_stream_by_name(place: Place) -> None:
    manifest, bucket = sharded(place), place.buckets.data
    made = stream(place, manifest)
    short = replace(made, counts={**made.counts, shard_name("train", 2): 8})
    with pytest.raises(CorruptDataError, match=r"train-00002\.tar: '?7 records'?: must hold 8"):
        taken(short)
    key = manifest.prefix + shard_name("train", 2)
    place.forget_hash(bucket.name, key, b"half")
    with pytest.raises(CorruptDataError, match=r"train-00002\.tar"):
        taken(made)
    bucket.delete(key)
    with pytest.raises(CorruptDataError, match=r"train-00002\.tar.*missing"):
        taken(made)
