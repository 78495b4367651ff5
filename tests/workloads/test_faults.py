"""Faults in training: each with each model, as whoever trains one meets it, and what then comes of it."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.workloads.conftest import Place, Ran
from tests.workloads.faulty import Faults, faulty, full
from tests.workloads.smallest import KINDS, MODELS, Train, put, refusal, versions
from tests.workloads.test_checkpoints import KilledError, kill_at
from workloads.objects import connect
from workloads.training import loop
from workloads.training.state import State
from workloads.training.step import step as step_whole

ANOTHER = {
    "mnist-cnn": ("--model-hidden", "16"),
    "lm": ("--model-layers", "1"),
    "recommender": ("--model-dim", "4"),
}
"""What makes it another network."""

AT_THE_END = ("--save-every", "0")


@dataclass(frozen=True)
class Known:
    """What comes of each model: the hash of its weights, and what a run that was killed leaves behind."""

    train: Train
    aside: Place
    """A site where nothing stays."""
    weights: dict[str, str] = field(default_factory=dict)
    left: dict[tuple[str, ...], dict[str, bytes]] = field(default_factory=dict)

    def whole(self, name: str) -> str:
        """The hash of the weights where nothing happens."""
        if name not in self.weights:
            put(self.aside, KINDS[name].content)
            assert self.train(self.aside, KINDS[name], *AT_THE_END).code == 0
            self.weights[name] = registered(self.aside, name)
            self.aside.empty()
        return self.weights[name]

    def killed(self, name: str, *flags: str) -> dict[str, bytes]:
        """Checkpoints of steps 1 and 2, by key, and what was begun of the next."""
        if (name, *flags) not in self.left:
            put(self.aside, KINDS[name].content)
            with pytest.MonkeyPatch.context() as patch:
                kill_at(patch, 4)
                with pytest.raises(KilledError):
                    self.train(self.aside, KINDS[name], *flags)
            bucket = self.aside.buckets.checkpoints
            self.left[name, *flags] = {key: bucket.get(key) or b"" for key in bucket.keys("")}
            self.aside.empty()
        return self.left[name, *flags]


@pytest.fixture(scope="module")
def known(train: Train, new_place: Callable[[], Place]) -> Known:
    return Known(train, new_place())


@dataclass(frozen=True)
class Sites:
    """A site, and the same through an S3 that has no room for what `faults` names."""

    place: Place
    limited: Place
    faults: Faults


@pytest.fixture(scope="module")
def sites(new_place: Callable[[], Place], aws: dict[str, str]) -> Iterator[Sites]:
    place, faults = new_place(), full("")
    with faulty(aws["AWS_ENDPOINT_URL"], faults) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", url)
        yield Sites(place, replace(place, buckets=connect(place.site)), faults)


@pytest.fixture
def place(sites: Sites) -> Iterator[Place]:
    """A site without what the test before left in it."""
    yield sites.place
    sites.place.empty()


def registered(place: Place, name: str) -> str:
    """The hash of the weights of the one version that there is."""
    (version,) = versions(place, KINDS[name])
    return version.card.weights.sha256


def events(ran: Ran) -> list[str]:
    return [event["event"] for event in ran.events]


def entries(place: Place) -> list[dict[str, Any]]:
    """The checkpoints that can be gone on from, oldest first."""
    (latest,) = [key for key in place.buckets.checkpoints.keys("") if key.endswith("latest.json")]
    return list((place.buckets.checkpoints.get_json(latest) or {})["checkpoints"])


def goes_on(known: Known, place: Place, name: str) -> Ran:
    """It comes to the end that it had come to without the fault."""
    ran = known.train(place, KINDS[name], *AT_THE_END)
    assert ran.code == 0, ran
    assert registered(place, name) == known.whole(name)
    return ran


def break_at(patch: pytest.MonkeyPatch, number: int, *, before: bool) -> None:
    """Have a weight that is no number before a run's step with that number, or after it."""
    done = [0]

    def step(state: State, *arguments: Any, **named: Any) -> Tensor:  # noqa: ANN401 - as it is called
        done[0] += 1
        for now in (True, False):
            if now is before and done[0] == number:
                with torch.no_grad():
                    next(state.network.parameters()).view(-1)[0] = math.nan
            if now:
                loss = step_whole(state, *arguments, **named)
        return loss

    patch.setattr(loop, "step", step)


@pytest.mark.parametrize(("what", "before"), [("loss", True), ("weights", False)])
@pytest.mark.parametrize("name", MODELS)
def test_a_weight_that_is_no_number_ends_it_and_is_never_kept(
    known: Known, place: Place, name: str, what: str, before: bool
) -> None:
    put(place, KINDS[name].content)
    with pytest.MonkeyPatch.context() as patch:
        break_at(patch, 3, before=before)
        said = refusal(known.train(place, KINDS[name]), 1)
    assert re.fullmatch(rf"{what}: nan: must stay finite \(step 3\); lower --lr, .*", said)
    assert versions(place, KINDS[name]) == []
    assert [entry["step"] for entry in entries(place)] == [1]
    assert goes_on(known, place, name).event("resumed")["step"] == 1


def leave(known: Known, place: Place, name: str) -> None:
    """Its data, and what a run that was killed left behind."""
    put(place, KINDS[name].content)
    for key, body in known.killed(name).items():
        place.buckets.checkpoints.put(key, body, content_type="x/y")


def spoil(place: Place, key: str, body: bytes | None) -> None:
    """Cut it as something that knows nothing of hashes would, or lose it."""
    if body is None:
        place.buckets.checkpoints.delete(key)
    else:
        place.forget_hash(place.buckets.checkpoints.name, key, body)


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes | None], int | None]] = {
    "the newest's tensors in half": (r"2/__0_0\.distcp", lambda body: body[: len(body) // 2], 1),
    "the newest's contents in half": (r"2/\.metadata", lambda body: body[: len(body) // 2], 1),
    "the newest lost": ("2/.*", lambda _: None, 1),
    "both in half": (r"[12]/__0_0\.distcp", lambda body: body[: len(body) // 2], None),
}
"""Which files (after `step-0000000`), what becomes of them, and the step that is gone on from."""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", MODELS)
def test_of_damaged_checkpoints_the_one_before_is_taken(
    known: Known, place: Place, name: str, damage: str
) -> None:
    files, change, step = DAMAGES[damage]
    leave(known, place, name)
    spoilt = [key for key in known.killed(name) if re.search(f"step-0000000{files}$", key)]
    for key in spoilt:
        spoil(place, key, change(known.killed(name)[key]))
    ran = goes_on(known, place, name)
    told = [event["key"] for event in ran.events if event["event"] == "damaged"]
    assert told == sorted({key.rpartition("/")[0] + "/" for key in spoilt}, reverse=True)
    assert [event["step"] for event in ran.events if event["event"] == "resumed"] == [step] * bool(step)


@pytest.mark.parametrize("name", MODELS)
def test_a_list_of_checkpoints_that_is_cut_is_refused(known: Known, place: Place, name: str) -> None:
    leave(known, place, name)
    (latest,) = [key for key in known.killed(name) if key.endswith("latest.json")]
    spoil(place, latest, known.killed(name)[latest][:100])
    assert "latest.json: " in refusal(known.train(place, KINDS[name]), 2)
    assert versions(place, KINDS[name]) == []


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_of_another_model_or_network_is_refused(known: Known, place: Place, name: str) -> None:
    others = [(MODELS[MODELS.index(name) - 1],), *([(name, *ANOTHER[name])] if name in ANOTHER else [])]
    for other, *flags in others:
        left = known.killed(other, *flags)
        leave(known, place, name)
        prefix = next(iter(known.killed(name))).rpartition("/")[0] + "/"
        theirs = next(iter(left)).rpartition("/")[0] + "/"
        for key, body in left.items():
            moved = body.replace(theirs.encode(), prefix.encode()) if key.endswith("json") else body
            place.buckets.checkpoints.put(key.replace(theirs, prefix), moved, content_type="x/y")
        assert re.match("checkpoint: .* must (fit|belong to)", refusal(known.train(place, KINDS[name]), 2))
        assert versions(place, KINDS[name]) == []


@pytest.mark.parametrize("name", MODELS)
def test_without_room_for_a_checkpoint_it_ends_and_goes_on_from_the_one_before(
    known: Known, sites: Sites, place: Place, name: str
) -> None:
    put(place, KINDS[name].content)
    sites.faults.key = "step-00000002/__0_0"
    said = refusal(known.train(sites.limited, KINDS[name]), 1)
    assert re.match(r"s3://.*step-00000002/__0_0.*: XMinioStorageFull: .*start again", said)
    assert versions(place, KINDS[name]) == []
    assert [entry["step"] for entry in entries(place)] == [1]
    assert goes_on(known, place, name).event("resumed")["step"] == 1


@pytest.mark.parametrize("name", MODELS)
def test_without_room_to_register_nothing_is_there_by_half(
    known: Known, sites: Sites, place: Place, name: str
) -> None:
    put(place, KINDS[name].content)
    for object_ in ("model.safetensors", "card.md", "card.json", "audit/", f"/models/{name}/runs/"):
        sites.faults.key = object_
        said = refusal(known.train(sites.limited, KINDS[name], *AT_THE_END), 1)
        assert re.match(rf"s3://.*{object_}.*: XMinioStorageFull: ", said)
        assert len(versions(place, KINDS[name])) == int("runs" in object_)
    assert "resumed" in events(goes_on(known, place, name))
