"""The parts of training, and a whole run in this process."""

import math
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.workloads.conftest import Place
from tests.workloads.toy import TINY, Told, configured, learn, opened, plan_for, run, same, stop_after
from workloads.errors import DivergedError, InvalidInputError
from workloads.models.mnist.augment import move, random_motions
from workloads.models.mnist.config import AugmentConfig
from workloads.models.mnist.task import Digits
from workloads.models.spec import ModelSpec
from workloads.training import looks
from workloads.training.batches import batches
from workloads.training.dropout import Drops
from workloads.training.evaluation import evaluate, metrics
from workloads.training.parallel import keep_buffers
from workloads.training.plan import make_plan
from workloads.training.precision import choose
from workloads.training.ranks import ALONE, Ranks
from workloads.training.state import learning_rate, new_state
from workloads.training.step import step
from workloads.training.stop import on_sigterm

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As under torchrun with a rank a core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def flat(spec: ModelSpec, epoch: int, ranks: Ranks) -> list[tuple[Tensor, ...]]:
    """The batches of an epoch, each in one part."""
    return [parts[0] for parts in batches(opened(spec), spec.training, epoch, ranks)]


def share(rank: int, world_size: int) -> Ranks:
    return Ranks(rank=rank, world_size=world_size, device=CPU)


def test_ranks_share_each_batch_between_them() -> None:
    spec = configured(batch_size=32)
    together, halves = flat(spec, 3, ALONE), [flat(spec, 3, share(r, 2)) for r in (0, 1)]
    assert len(together) == len(halves[0]) == len(halves[1]) == 300 // 32
    for (x, y), (x0, y0), (x1, y1) in zip(together, *halves, strict=True):
        assert torch.equal(torch.stack([x0, x1], 1).flatten(0, 1), x)
        assert torch.equal(torch.stack([y0, y1], 1).flatten(), y)


def test_an_epoch_has_no_record_twice_and_the_next_another_order() -> None:
    spec = configured(batch_size=32)
    task = replace(opened(spec), labels=torch.arange(300))  # type: ignore[type-var]
    orders = [
        torch.cat([parts[0][1] for parts in batches(task, spec.training, epoch, ALONE)])
        for epoch in (0, 1, 0)
    ]
    assert len(set(orders[0].tolist())) == 288
    assert not torch.equal(orders[0], orders[1])
    assert torch.equal(orders[0], orders[2])


def test_motions_stay_within_their_limits() -> None:
    config = AugmentConfig(shift=2, rotation=30)
    motions = random_motions(5000, config, torch.Generator().manual_seed(1)).abs().amax(0)
    assert 0.95 * math.radians(30) < motions[0] <= math.radians(30)
    assert (motions[1:] > 1.9).all()
    assert (motions[1:] <= 2).all()


def corner() -> Tensor:
    image = torch.zeros(1, 28, 28)
    image[0, 10, 12] = 1
    return image


@pytest.mark.parametrize(
    ("motion", "place"),
    [
        ((0.0, 0.0, 0.0), (10, 12)),
        ((0.0, 3.0, 0.0), (10, 15)),
        ((0.0, 0.0, -2.0), (8, 12)),
        ((math.pi, 0.0, 0.0), (17, 15)),
    ],
)
def test_a_pixel_moves_as_told(motion: tuple[float, float, float], place: tuple[int, int]) -> None:
    moved = move(corner(), torch.tensor([motion]))
    assert divmod(int(moved.argmax()), 28) == place
    assert float(moved.max()) == pytest.approx(1, abs=1e-3)


class Fixed(nn.Module):
    """Says of every record what its first pixel says."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.one_hot((x[:, 0, 0] * 10).round().long(), 10).float()


@pytest.mark.parametrize("n", [1, 7, 101])
def test_ranks_judge_every_record_once(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = torch.arange(n) % 10
    images = torch.zeros(n, 28, 28)
    images[:, 0, 0] = torch.where(torch.arange(n) % 5 > 0, labels, (labels + 1) % 10) / 10
    summed: list[Tensor] = []

    def keep(_ranks: Ranks, values: Tensor) -> Tensor:
        summed.append(values)
        return values

    monkeypatch.setattr(Ranks, "sum", keep)
    for rank in range(min(n, 3)):
        evaluate(lambda chosen: Fixed()(images[chosen]), labels, share(rank, min(n, 3)), 10)
    total = torch.stack(summed).sum(0)
    found = metrics(total[:-1].view(10, 10), float(total[-1]))
    assert found.records == n
    assert found.accuracy == pytest.approx(1 - math.ceil(n / 5) / n)


def test_metrics_are_those_of_the_confusion_matrix() -> None:
    found = metrics(torch.tensor([[8, 2], [1, 9]], dtype=torch.float64), 10.0)
    assert (found.accuracy, found.loss, found.lowest_recall) == (0.85, 0.5, 0.8)
    assert found.macro_f1 == pytest.approx((16 / 19 + 18 / 21) / 2)


def test_the_rate_rises_then_falls_to_zero() -> None:
    config = configured(lr=1, warmup=0.1).training
    rates = [learning_rate(step, 100, config) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == 1
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0)
    assert learning_rate(0, 1, configured(lr=1, warmup=0).training) == 1


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(new_place: Callable[[], Place]) -> None:
    unbroken, stopped, resumed = Told(), Told(stop_after(2)), Told()
    one, other = new_place(), new_place()
    run(plan_for(one, epochs=4), one.buckets, ALONE, unbroken)
    run(plan_for(other, epochs=4), other.buckets, ALONE, stopped)
    assert stopped.names() == ["started", "epoch", "epoch", "stopped"]
    run(plan_for(other, epochs=4), other.buckets, ALONE, resumed)
    assert resumed.names() == ["started", "resumed", "epoch", "epoch", "evaluated", "registered"]
    assert stopped.losses() + resumed.losses() == unbroken.losses()
    assert resumed.events[-1] == unbroken.events[-1]


def test_a_run_that_is_done_is_not_done_again(place: Place) -> None:
    plan = plan_for(place, epochs=1)
    run(plan, place.buckets, ALONE, Told())
    again = Told()
    run(plan, place.buckets, ALONE, again)
    assert again.names() == ["skipped"]


def test_a_batch_in_parts_is_learnt_as_a_whole() -> None:
    whole, parts = (learn(configured(epochs=1, accumulate=n), Told()) for n in (1, 4))
    for name, tensor in whole.weights().items():
        assert torch.allclose(tensor, parts.weights()[name], atol=1e-5), name


def test_the_gradient_is_clipped() -> None:
    spec = configured(clip=1e-3)
    state, task = new_state(TINY.build(), spec.training, attachments={}), opened()
    (parts, *_) = batches(task, spec.training, 0, ALONE)
    drops = Drops(state.network, spec.training, ALONE)
    step(state, task, state.network, parts, spec.training, rate=0.01, dtype=torch.float32, drops=drops)
    norms = [p.grad.norm() for p in state.network.parameters() if p.grad is not None]
    assert float(torch.stack(norms).norm()) == pytest.approx(1e-3, rel=1e-2)


def test_training_without_a_gain_ends_early_with_the_best_weights() -> None:
    told = Told()
    spec = replace(configured(epochs=50, patience=2), headline="loss")  # higher is better: it never gains
    state = learn(spec, told)
    assert told.names().count("epoch") == 3
    assert state.waited == 2
    assert not same(state.weights(), dict(state.network.state_dict()))


def test_bf16_learns_too_and_fp16_is_refused_without_a_gpu() -> None:
    half = configured(precision="bf16").training
    assert choose(half, ALONE) is torch.bfloat16
    assert choose(configured(precision="auto").training, ALONE) in (torch.bfloat16, torch.float32)
    same_again = configured(precision="auto", deterministic=True).training
    assert choose(same_again, ALONE) is torch.float32  # a probe may find another when the run goes on
    with pytest.raises(InvalidInputError, match="needs a GPU"):
        choose(configured(precision="fp16").training, ALONE)
    told = Told()
    learn(configured(epochs=3), told, dtype=torch.bfloat16)
    losses = [float(str(loss)) for loss in told.losses()]
    assert losses == sorted(losses, reverse=True)


def test_a_metric_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Digits, "judge", lambda *_: {"accuracy": math.nan})
    with pytest.raises(DivergedError, match="accuracy"):
        learn(TINY, Told())


def test_what_judging_wrote_into_a_whole_copy_is_kept() -> None:
    divided, copy = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    with torch.no_grad():
        copy.get_buffer("running_mean").fill_(3.0)
    keep_buffers(divided, of=copy)
    assert divided.get_buffer("running_mean").tolist() == [3.0, 3.0]


def test_sigterm_is_a_wish_only_within_its_block() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with on_sigterm() as stop:
        asked = [stop.asked]
        signal.raise_signal(signal.SIGTERM)
        asked.append(stop.asked)
    assert asked == [False, True]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("seconds", "steps"), [(0.01, 8), (0.25, 4), (3.0, 1)])
def test_a_wish_to_stop_is_looked_for_after_eight_steps_or_a_second(
    monkeypatch: pytest.MonkeyPatch, seconds: float, steps: int
) -> None:
    clock = [0.0]
    monkeypatch.setattr("workloads.training.looks.time.perf_counter", lambda: clock[0])
    watch, looked = looks.Looks(ALONE), list[int]()
    for number in range(1, 1 + 3 * steps):
        clock[0] += seconds
        if watch.due():
            looked.append(number)
            assert watch.any(bool(number % 2)) == bool(number % 2)
    assert looked == [1, 1 + steps, 1 + 2 * steps][: len(looked)]
    assert len(looked) == 3


@pytest.mark.parametrize(
    ("batch_size", "world_size", "rule"),
    [(301, 1, "no more than the 300"), (32, 3, "divide evenly among 3 processes")],
)
def test_a_batch_that_does_not_fit_is_refused(
    place: Place, batch_size: int, world_size: int, rule: str
) -> None:
    plan_for(place)
    with pytest.raises(InvalidInputError, match=rule):
        make_plan(configured(batch_size=batch_size), None, place.buckets, world_size)


def test_a_run_is_named_by_what_decides_its_result(place: Place) -> None:
    base, same, other = (plan_for(place, seed=seed) for seed in (1, 1, 2))
    assert base.run == same.run != other.run
    assert make_plan(base.model, None, place.buckets, 2).run == base.run


@pytest.mark.parametrize(
    ("training", "ranks", "rule"),
    [
        ({}, 1, "needs two processes"),
        ({"ema": 0.9}, 2, "averaged weights"),
        ({"compile": "auto"}, 2, "was not tried"),
        ({"precision": "fp16"}, 2, "fp16"),
    ],
)
def test_a_network_that_cannot_be_divided_is_refused(
    place: Place, training: dict[str, Any], ranks: int, rule: str
) -> None:
    plan_for(place)
    with pytest.raises(InvalidInputError, match=rule):
        make_plan(configured(batch_size=32, shard=True, **training), None, place.buckets, ranks)


def test_what_may_be_found_otherwise_the_next_time_is_not_deterministic(place: Place) -> None:
    with pytest.raises(InvalidInputError, match="does not go with --deterministic"):
        plan_for(place, compile="auto", deterministic=True)


def test_how_a_run_goes_does_not_rename_it(place: Place) -> None:
    one = plan_for(place, batch_size=32)
    other = plan_for(place, batch_size=32, save_every=5, compile="auto")
    assert one.run == other.run
