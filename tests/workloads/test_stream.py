"""Training from a stream: the same for any number of ranks, gone on with, through a bad network; refusals."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.faulty import Faults, faulty
from tests.workloads.made import ORIGIN
from tests.workloads.toy import TINY, Told, configured, run, stop_after, toy_splits
from workloads import objects
from workloads.data import store
from workloads.data.content import Content
from workloads.data.images import from_files, pack, pack_shards
from workloads.data.shards import pack as pack_samples
from workloads.data.splits import INDEX, shard_name
from workloads.data.stream import Source
from workloads.errors import CorruptDataError, InvalidInputError, StorageError
from workloads.models.lm.task import Language
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.objects import connect
from workloads.registry.store import Registry
from workloads.training.batches import batches
from workloads.training.plan import Plan, make_plan
from workloads.training.ranks import ALONE, Ranks
from workloads.training.refusals import refuse, refuse_of_several
from workloads.training.task import Task

STREAM = {"stream": True, "stream_lanes": 4, "stream_buffer": 60, "batch_size": 20}

pytestmark = pytest.mark.usefixtures("one_thread")


def published(place: Place, content: Content) -> None:
    store.publish(place.buckets.data, store.describe(ORIGIN, content), content, "r")


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """A site with 300 digits to learn from in 13 shards."""
    made = new_place()
    published(made, pack_shards(toy_splits(), 24))
    return made


def planned(place: Place, ranks: int = 1, **training: object) -> Plan:
    return make_plan(configured(**{"epochs": 2, **STREAM, **training}), "toy", place.buckets, ranks)


def opened(spec: ModelSpec, place: Place, name: str = "toy") -> Task:
    torch.manual_seed(0)
    return spec.open_stream(Source(place.buckets.data, store.find(place.buckets.data, name)), ALONE)


def test_digits_in_shards_are_those_in_files(place: Place) -> None:
    splits = toy_splits()
    found = from_files(pack_shards(splits, 24).files)
    for part, other in ((found.train, splits.train), (found.test, splits.test)):
        assert (part.images == other.images).all()
        assert (part.labels == other.labels).all()
    assert len(store.load(place.buckets.data, store.find(place.buckets.data, "toy"))) == 13 + 5 + 1


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"pgm": b"P5 2 2 255\n1234", "cls": b"1"}, "28 x 28"),
        ({"pgm": b"P5 28 28 255\n" + bytes(784), "cls": b"12"}, "label from 0 to 9"),
    ],
)
def test_a_record_that_is_no_digit_is_named(parts: dict[str, bytes], rule: str) -> None:
    name = shard_name("train", 0)
    with pytest.raises(CorruptDataError, match=f"train-00000.*7.*{rule}"):
        from_files({INDEX: json.dumps({name: 1}).encode(), name: pack_samples([("7", parts)])})


def test_ranks_and_parts_take_their_share_of_the_same_batches(place: Place) -> None:
    config = planned(place).model.training
    task = opened(replace(TINY, training=config), place)
    whole = [parts[0] for parts in batches(task, config, 1, ALONE, start=3)]
    assert len(whole) == 300 // 20 - 3
    halved = config.model_copy(update={"accumulate": 2})
    shares = [
        list(batches(task, halved, 1, replace(ALONE, rank=rank, world_size=2), start=3)) for rank in (0, 1)
    ]
    for number, (images, labels) in enumerate(whole):
        for rank in (0, 1):
            mine = shares[rank][number]
            assert torch.equal(torch.cat([part[0] for part in mine]), images[rank::2])
            assert torch.equal(torch.cat([part[1] for part in mine]), labels[rank::2])


def test_a_run_that_was_stopped_goes_on_within_an_epoch_as_if_it_had_not_been(
    new_place: Callable[[], Place], place: Place
) -> None:
    unbroken, first, second = Told(), Told(stop_after(1)), Told()
    plan = planned(place, save_every=4)
    run(plan, place.buckets, ALONE, first)
    assert "stopped" in first.names()
    latest = f"runs/mnist/{plan.run}/latest.json"
    entries = place.buckets.checkpoints.get_json(latest)
    assert entries is not None
    middle = {"checkpoints": entries["checkpoints"][:1]}
    assert middle["checkpoints"][0]["step"] == 12  # of 15: within the first epoch
    place.buckets.checkpoints.put_json(latest, middle)
    run(plan, place.buckets, ALONE, second)
    other = new_place()
    published(other, pack_shards(toy_splits(), 24))
    run(planned(other, save_every=0), other.buckets, ALONE, unbroken)
    assert second.names().count("resumed") == 1
    assert second.losses() == unbroken.losses()
    cards = [Registry(each.buckets.registry, "mnist").versions()[0].card for each in (place, other)]
    assert cards[0].weights.sha256 == cards[1].weights.sha256


def test_it_learns_what_is_learnt_from_memory(place: Place) -> None:
    told = Told()
    run(planned(place, epochs=4), place.buckets, ALONE, told)
    assert dict(told.events)["evaluated"]["accuracy"] > 0.95


@pytest.mark.parametrize("stall", [False, True], ids=["breaks off", "stalls"])
def test_a_shard_that_breaks_off_is_read_again_a_few_times(
    place: Place, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch, stall: bool
) -> None:
    monkeypatch.setattr(objects, "_PAUSE_S", 0.02)
    plan, shard = planned(place, epochs=1), shard_name("train", 3)
    for times, told in ((2, Told()), (1000, None)):
        faults = Faults(verb="GET", key=shard, times=times, after=2000, stall=stall)
        with faulty(aws["AWS_ENDPOINT_URL"], faults) as url, monkeypatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_S3", url)
            buckets = replace(place.buckets, data=connect(place.site, stall_s=0.2).data)
            if told:
                run(plan, buckets, ALONE, told)
                assert faults.done == 2
                assert "registered" in told.names()
            else:
                with pytest.raises(StorageError, match="reachable"):
                    run(planned(place, epochs=1, seed=2), buckets, ALONE, Told())


def test_what_cannot_be_streamed_is_refused(place: Place, new_place: Callable[[], Place]) -> None:
    changed = {"stream": True}
    for name in ("sentiment", "chatbot", "recommender"):
        model = MODELS[name]
        asked = replace(model, training=model.training.model_copy(update=changed))
        with pytest.raises(InvalidInputError, match=f"--stream: '?{name}'?: .*reads its data whole"):
            refuse(asked, 1000, 1, sharded=True)
    with pytest.raises(InvalidInputError, match="does not go with --private-epsilon"):
        planned(place, private_epsilon=8)
    with pytest.raises(InvalidInputError, match="needs --stream"):
        planned(place, stream=False)
    with pytest.raises(InvalidInputError, match=r"--stream.*of one training"):
        refuse_of_several(planned(place).model)
    other = new_place()
    published(other, pack(toy_splits()))
    with pytest.raises(InvalidInputError, match="must be a data set in shards"):
        planned(other)


@pytest.fixture
def library(new_place: Callable[[], Place]) -> Place:
    """A site with 60 short texts to learn from in seven shards."""
    words = ["the cat sat on the mat", "a dog ran away", "and the hat was flat"]
    texts = [" ".join(words[(n + k) % 3] for k in range(4 + n % 5)) + f" {n}" for n in range(68)]
    parts = [texts[at : at + 9] for at in range(0, 60, 9)]
    names = [shard_name("train", number) for number in range(len(parts))] + [
        shard_name("test", number) for number in (0, 1)
    ]
    files = {
        name: pack_samples(
            (f"{n:04}", {"json": json.dumps({"text": t}).encode()}) for n, t in enumerate(part)
        )
        for name, part in zip(names, [*parts, texts[63:66], texts[66:]], strict=True)
    }
    counts = [*map(len, parts), 3, 2]
    files[INDEX] = json.dumps(dict(zip(names, counts, strict=True))).encode()
    place = new_place()
    published(place, Content(files, {"train": 63, "test": 5}))
    return place


def test_text_is_cut_into_blocks_shard_by_shard(library: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = MODELS["lm"].smaller()
    config = spec.config.model_copy(update={"vocabulary": 280})
    training = spec.training.model_copy(update={**STREAM, "batch_size": 8})
    spec = replace(spec, config=config, training=training, data=spec.data.model_copy(update={"context": 16}))
    task = opened(spec, library)
    assert isinstance(task, Language)
    files = store.load(library.buckets.data, store.find(library.buckets.data, "toy"))
    whole = spec.open(files, ALONE)
    assert isinstance(whole, Language)
    assert (task.tokenizer, task.units_per_record) == (whole.tokenizer, whole.units_per_record)
    assert torch.equal(torch.cat(list(task.held_out)), torch.cat(list(whole.held_out)))
    assert len(list(task.held_out)) == 2  # a shard at a time
    one, other = (each.judge(task.network.eval(), ALONE) for each in (task, whole))
    assert one == pytest.approx(other, rel=1e-5)
    assert one["records"] == len(torch.cat(list(whole.held_out)))
    monkeypatch.setattr(Ranks, "sum", lambda _, values: values)
    halves = [task.judge(task.network, replace(ALONE, rank=rank, world_size=2))["loss"] for rank in (0, 1)]
    assert min(halves) > 0
    assert sum(halves) == pytest.approx(one["loss"], rel=1e-5)
    assert whole.records - 7 <= task.records <= whole.records  # a rest of less than a block a shard
    found = partial(batches, task, training)
    blocks = [parts[0][0] for parts in found(0, ALONE)]
    assert blocks[0].shape == (8, 17)
    assert torch.equal(blocks[2], next(found(0, ALONE, start=2))[0][0])
    half = next(found(0, replace(ALONE, rank=1, world_size=2)))[0][0]
    assert torch.equal(half, blocks[0][1::2])
