"""Differential privacy: what is refused, how batches are drawn, what a step adds, what a card tells."""

import math
from dataclasses import replace

import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.made import card
from tests.workloads.test_gate import evidence
from tests.workloads.toy import TINY, Told, configured, opened, plan_for, run, stop_after
from workloads.errors import InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.registry.card import Card, PrivacyFacts
from workloads.registry.gate import AsPrivate
from workloads.registry.store import Registry
from workloads.training.batches import batches, sample
from workloads.training.dropout import Drops
from workloads.training.privacy import epsilon_of, guarded, privacy_of
from workloads.training.ranks import ALONE
from workloads.training.refusals import refuse, refuse_of_several
from workloads.training.state import State, new_state
from workloads.training.step import step

pytestmark = pytest.mark.usefixtures("one_thread")

PRIVATE: dict[str, object] = {"private_epsilon": 8.0, "private_delta": 1e-3, "epochs": 2, "batch_size": 60}


@pytest.mark.parametrize(
    ("model", "training", "ranks", "field", "rule"),
    [
        ("lm", {"private_epsilon": 8}, 1, "--private-epsilon", "carry the data"),
        ("mnist", {"private_epsilon": 8}, 2, "--private-epsilon", "one process"),
        ("mnist", {"private_epsilon": 8, "accumulate": 2}, 1, "--private-epsilon", "parts of a batch"),
        ("mnist", {"private_epsilon": 8, "clip": 1}, 1, "--private-epsilon", "its own clip"),
        ("mnist", {"private_epsilon": 8, "precision": "auto"}, 1, "--private-epsilon", "fp32"),
        ("mnist", {"private_epsilon": 8, "compile": "auto"}, 1, "--private-epsilon", "torch.compile"),
        ("mnist", {"private_epsilon": 8, "deterministic": True}, 1, "--private-epsilon", "draw again"),
        ("mnist", {"private_epsilon": 8, "private_delta": 0.01}, 1, "--private-delta", "below 1/1000"),
        ("mnist", {"private_delta": 1e-6}, 1, "--private-delta", "needs a budget"),
        ("mnist", {"private_clip": 2}, 1, "--private-clip", "needs a budget"),
    ],
)
def test_what_it_does_not_go_with_is_refused(
    model: str, training: dict[str, object], ranks: int, field: str, rule: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        refuse(spec_of(model, training), 1000, ranks)
    assert caught.value.field == field
    assert rule in caught.value.rule


def spec_of(model: str, training: dict[str, object]) -> ModelSpec:
    spec = MODELS[model]
    changed = {**spec.training.model_dump(), **training}
    return replace(spec, training=type(spec.training).model_validate(changed))


def test_several_trainings_on_the_same_records_are_refused() -> None:
    refuse_of_several(MODELS["mnist"])
    with pytest.raises(InvalidInputError, match="several on the same records"):
        refuse_of_several(spec_of("mnist", {"private_epsilon": 8}))


def test_each_record_is_in_a_batch_with_the_same_chance() -> None:
    secret = torch.Generator().manual_seed(1)
    drawn = [sample(200, 0.1, secret) for _ in range(1000)]
    sizes = torch.tensor([float(len(each)) for each in drawn])
    assert float(sizes.mean()) == pytest.approx(20, abs=0.6)
    assert float(sizes.var()) == pytest.approx(18, rel=0.2)  # of a binomial; a shuffled batch has none
    times = torch.bincount(torch.cat(drawn), minlength=200).float()
    assert float(times.min()) > 60
    assert float(times.max()) < 140


def test_the_noise_keeps_within_the_budget_and_no_more_than_that() -> None:
    config = configured(**PRIVATE).training
    facts = privacy_of(config, 300)
    assert facts.steps == 10
    assert facts.sample_rate == pytest.approx(0.2)
    assert 7.9 < facts.epsilon <= 8
    assert epsilon_of(facts.noise_multiplier * 0.98, 0.2, 10, 1e-3) > 8


def test_a_budget_that_no_noise_keeps_is_refused() -> None:
    with pytest.raises(
        InvalidInputError, match=r"--private-epsilon: 0\.02: .* at a delta of 0\.001; give more"
    ):
        privacy_of(configured(**{**PRIVATE, "private_epsilon": 0.02}).training, 300)


def test_one_step_on_all_records_is_accounted_for_as_the_gaussian_mechanism_is() -> None:
    """By its exact delta (Balle & Wang, 2018): what is told is a bound, and not a loose one."""

    def delta(epsilon: float, sigma: float) -> float:
        def phi(x: float) -> float:
            return (1 + math.erf(x / math.sqrt(2))) / 2

        less, more = 1 / (2 * sigma) - epsilon * sigma, -1 / (2 * sigma) - epsilon * sigma
        return phi(less) - math.exp(epsilon) * phi(more)

    found = epsilon_of(5.0, 1.0, 1, 1e-5)
    assert delta(found, 5.0) <= 1e-5 < delta(0.85 * found, 5.0)


def stepped(spec: ModelSpec, noise: float, records: list[int], clip: float) -> State:
    """The state after a step whose gradients are clipped, and noise added to, as told."""
    task = opened(spec)
    state = new_state(task.network, spec.training, attachments={})
    network = guarded(state, spec.training, task.records)
    state.optimizer.noise_multiplier, state.optimizer.max_grad_norm = noise, clip  # type: ignore[attr-defined]
    parts = [task.batch(torch.tensor(records), torch.zeros(len(records), 3))] if records else []
    drops = Drops(network, spec.training, ALONE)
    step(state, task, network, parts, spec.training, rate=0.0, dtype=torch.float32, drops=drops)
    return state


def gradient(state: State) -> torch.Tensor:
    found = [parameter.grad for parameter in state.network.parameters()]
    return torch.cat([each.flatten() for each in found if each is not None])


@pytest.mark.parametrize("spec", [configured(**PRIVATE), spec_of("mnist-cnn", PRIVATE)])
def test_a_records_gradient_is_clipped_and_the_sum_is_divided_by_the_batch_that_is_expected(
    spec: ModelSpec,
) -> None:
    free = gradient(stepped(spec, 0.0, [1, 2, 3], 1e9))
    task = opened(spec)
    batch = task.batch(torch.tensor([1, 2, 3]), torch.zeros(3, 3))
    torch.autograd.backward(task.loss(task.network, batch) * 3 / 60)
    plain = torch.cat([p.grad.flatten() for p in task.network.parameters() if p.grad is not None])
    assert torch.allclose(free, plain, atol=1e-7)
    one = gradient(stepped(spec, 0.0, [1], 0.01))
    assert float(one.norm()) == pytest.approx(0.01 / 60, rel=1e-3)


def test_a_batch_of_nobody_is_noise_of_the_deviation_that_is_told() -> None:
    spec = configured(**PRIVATE)
    one, other = (gradient(stepped(spec, 2.0, [], 0.5)) for _ in range(2))
    assert float(one.std()) == pytest.approx(2.0 * 0.5 / 60, rel=0.05)
    assert not torch.equal(one, other)  # the seed, which is on the card, does not tell it


def test_a_run_puts_epsilon_on_the_card_and_the_gate_and_the_report_look_at_it(place: Place) -> None:
    told = Told()
    run(plan_for(place, **PRIVATE), place.buckets, ALONE, told)
    assert told.names() == ["started", "private", "epoch", "epoch", "evaluated", "registered"]
    registry = Registry(place.buckets.registry, "mnist")
    found = registry.card(registry.pinned(str(told.events[-1][1]["version"])))
    assert found.privacy is not None
    assert 7.9 < found.privacy.epsilon <= 8
    assert f"epsilon {found.privacy.epsilon:.4g} at delta 0.001" in found.markdown()
    assert AsPrivate().judge(evidence(found)).passed
    from workloads.asking.version import load_version
    from workloads.judging.judgement import privacy

    loaded = load_version(TINY, found, registry.weights(found))
    assert privacy(loaded)["epsilon"] == pytest.approx(found.privacy.epsilon, abs=1e-4)


def test_a_private_run_that_was_stopped_goes_on(place: Place) -> None:
    stopped, resumed = Told(stop_after(1)), Told()
    run(plan_for(place, **PRIVATE), place.buckets, ALONE, stopped)
    run(plan_for(place, **PRIVATE), place.buckets, ALONE, resumed)
    assert stopped.names()[-1] == "stopped"
    assert resumed.names() == ["started", "private", "resumed", "epoch", "evaluated", "registered"]
    assert resumed.events[1] == stopped.events[1]


def privately(epsilon: float, *, asked: float = 8.0, delta: float = 1e-5) -> Card:
    facts = PrivacyFacts(
        epsilon=epsilon, delta=delta, clip=1, noise_multiplier=1, sample_rate=0.1, steps=9, accountant="RDP"
    )
    made = card()
    config = made.config.model_copy(update={"training": {"private_epsilon": asked}})
    return made.model_copy(update={"privacy": facts, "config": config})


@pytest.mark.parametrize(
    ("candidate", "production", "passed", "reason"),
    [
        (card(), None, True, "none was asked for"),
        (privately(7.9), None, True, "epsilon 7.9 at delta 1e-05"),
        (privately(7.9).model_copy(update={"privacy": None}), None, False, "not on the card"),
        (privately(8.1), None, False, "8.0 was asked for"),
        (privately(7.9, delta=1.0), None, False, "below one in the training records"),
        (card(), privately(7.9), False, "production has epsilon 7.9"),
        (privately(7.9), privately(7.8), False, "production has epsilon 7.8"),
        (privately(7.7), privately(7.8), True, "epsilon 7.7"),
    ],
)
def test_a_card_that_is_less_private_than_it_must_be_is_refused(
    candidate: Card, production: Card | None, passed: bool, reason: str
) -> None:
    finding = AsPrivate().judge(evidence(candidate, production))
    assert finding.passed is passed
    assert reason in finding.reason


def test_an_epoch_has_its_steps_and_empty_batches_are_there_too() -> None:
    spec = configured(**{**PRIVATE, "batch_size": 1})
    secret = torch.Generator().manual_seed(1)
    sizes = [
        sum(len(part[0]) for part in parts)
        for parts in batches(opened(spec), spec.training, 0, ALONE, secret=secret)
    ]
    assert len(sizes) == 300
    assert 0.25 < sizes.count(0) / 300 < 0.5  # 1/e
