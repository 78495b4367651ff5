"""Checkpoints: what a run that was killed, or whose S3 failed, goes on from."""

import pickle
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.workloads.conftest import Place
from tests.workloads.toy import TINY, Told, configured, learn, plan_for, run, same
from workloads.errors import CorruptDataError, StorageError
from workloads.events import silent
from workloads.fingerprint import canonical, sha256
from workloads.models.mnist.config import MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.objects import Bucket
from workloads.training import loop
from workloads.training.checkpoints import Checkpoints
from workloads.training.ranks import ALONE
from workloads.training.state import new_state
from workloads.training.step import step as step_whole


class Dropping(torch.nn.Module):
    """A network with random numbers of its own."""

    def __init__(self, config: MLPConfig) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(MLP(config), torch.nn.Dropout(0.2))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits


class KilledError(BaseException):
    """What ends a run between two steps."""


@pytest.fixture(autouse=True)
def _one_thread(one_thread: None) -> None:
    """As under torchrun with a rank a core."""


def kill_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """End the run before its step `number` (from 1)."""
    done = [0]

    def step(*arguments: object, **named: object) -> Tensor:
        done[0] += 1
        if done[0] == number:
            raise KilledError
        return step_whole(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "step", step)


def test_a_run_killed_within_an_epoch_has_the_same_losses_to_the_bit(
    new_place: Callable[[], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = new_place(), new_place()
    unbroken, first, second = Told(), Told(), Told()
    dropping = replace(TINY, network=f"{__name__}:Dropping")
    for place in (one, other):
        plan = plan_for(place, epochs=2, batch_size=32, save_every=2)
        plan = replace(plan, model=replace(plan.model, network=dropping.network))
        if place is one:
            run(plan, place.buckets, ALONE, unbroken)
    with monkeypatch.context() as patch:
        kill_at(patch, 15)
        with pytest.raises(KilledError):
            run(plan, other.buckets, ALONE, first)
    run(plan, other.buckets, ALONE, second)
    assert second.events[1] == ("resumed", {"run": plan.run, "epoch": 1, "step": 12})
    assert first.losses() + second.losses() == unbroken.losses()
    assert second.events[-1] == unbroken.events[-1]


def test_a_checkpoint_half_written_is_none(
    new_place: Callable[[], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = new_place(), new_place()
    unbroken, told = Told(), Told()
    run(plan_for(one, epochs=4), one.buckets, ALONE, unbroken)
    plan, put = plan_for(other, epochs=4), Bucket.put

    def failing(bucket: Bucket, key: str, body: bytes, **named: object) -> bool:
        if key.endswith("step-00000009/.metadata"):
            raise StorageError("s3://checkpoints", "503", "must be reachable", "wait")
        return put(bucket, key, body, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put", failing)
        with pytest.raises(StorageError, match="503"):
            run(plan, other.buckets, ALONE, Told())
    prefix = f"runs/mnist/{plan.run}/"
    assert prefix + "step-00000009/__0_0.distcp" in other.buckets.checkpoints.keys(prefix)
    run(plan, other.buckets, ALONE, told)
    assert told.events[1] == ("resumed", {"run": plan.run, "epoch": 2, "step": 6})
    assert told.events[-1] == unbroken.events[-1]
    assert len(other.buckets.checkpoints.keys(prefix)) == 5


def test_nothing_in_a_checkpoint_is_ever_run(place: Place, tmp_path: object) -> None:
    marker = f"{tmp_path}/ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (marker, "w")

    bucket, state = place.buckets.checkpoints, new_state(TINY.build(), TINY.training, attachments={})
    checkpoints = Checkpoints(bucket=bucket, model="mnist", run="0", ranks=ALONE)
    checkpoints.save(state)
    checkpoints.settle(to_the_end=True)
    latest = bucket.get_json("runs/mnist/0/latest.json") or {}
    body = pickle.dumps(Evil())
    latest["checkpoints"][0]["files"][".metadata"] = sha256(body)
    bucket.put("runs/mnist/0/step-00000000/.metadata", body, content_type="x/y")
    bucket.put("runs/mnist/0/latest.json", canonical(latest), content_type="x/y")
    with pytest.raises(CorruptDataError, match="open is not allowed"):
        checkpoints.restore(state, silent)
    with pytest.raises(FileNotFoundError):
        open(marker)  # noqa: SIM115


def test_a_state_gives_back_what_was_saved(place: Place) -> None:
    spec = configured(epochs=1, ema=0.9, patience=3)
    learnt, fresh = learn(spec, Told()), new_state(TINY.build(), spec.training, attachments={})
    checkpoints = Checkpoints(bucket=place.buckets.checkpoints, model="mnist", run="0", ranks=ALONE)
    checkpoints.save(learnt)
    expected = {name: tensor.clone() for name, tensor in learnt.tensors().items()}
    with torch.no_grad():
        for tensor in learnt.tensors().values():  # as the training that goes on while it is written
            tensor.fill_(0)
    checkpoints.settle(to_the_end=True)
    assert checkpoints.restore(fresh, silent)
    assert (fresh.step, fresh.best, fresh.waited) == (3, learnt.best, learnt.waited)
    assert same(fresh.tensors(), expected)
    assert not same(dict(fresh.network.state_dict()), dict(fresh.judged.state_dict()))
