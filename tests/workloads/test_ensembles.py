"""Ensembles: versions that answer together, registered, judged, asked and served as one; and who may not."""

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.made import card
from tests.workloads.test_serving import start, wait_ready
from tests.workloads.toy import Told, opened, plan_for, run
from workloads import command
from workloads.asking.version import Loaded, load_version
from workloads.compression.__main__ import main as compress
from workloads.ensembles.__main__ import main
from workloads.ensembles.members import refuse_cards, refuse_loaded
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.judging.__main__ import main as judge
from workloads.models.table import MODELS
from workloads.registry.card import Card, Configs, Ensemble, PrivacyFacts
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.training.ranks import ALONE

pytestmark = pytest.mark.usefixtures("one_thread")
MNIST = MODELS["mnist"]


def trained(place: Place, seed: int) -> str:
    told = Told()
    run(plan_for(place, epochs=2, seed=seed), place.buckets, ALONE, told)
    return str(told.events[-1][1]["version"])


def ensemble(
    place: Place, capsys: pytest.CaptureFixture[str], *arguments: str, model: str = "mnist"
) -> tuple[int, list[dict[str, object]]]:
    code = command.run(main, [model, *arguments, "--site", str(place.file), "--events=json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_versions_answer_by_the_mean_of_their_probabilities(
    place: Place, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    members = [trained(place, seed) for seed in (1, 2)]
    code, events = ensemble(place, capsys, *(f"--of={version}" for version in members))
    assert (code, [event["event"] for event in events]) == (0, ["ensemble", "registered"])
    registry = Registry(place.buckets.registry, "mnist")
    cards = {version: registry.card(registry.pinned(version)) for version in members}
    together = registry.card(registry.pinned(str(events[1]["version"])))
    assert together.ensemble is not None
    assert [(m.version, m.sha256) for m in together.ensemble.members] == [
        (version, each.weights.sha256) for version, each in cards.items()
    ]
    assert together.weights.parameters == sum(each.weights.parameters for each in cards.values())
    assert "seed" not in together.config.training
    assert f"the mean of the probabilities of `{members[0]}`, `{members[1]}`" in together.markdown()
    assert together.empty_fields() == []

    loaded = load_version(MNIST, together, registry.weights(together))
    task = opened()
    images = task.batch(torch.arange(5), torch.zeros(5, 3))[0]
    with torch.inference_mode():
        each = [
            load_version(MNIST, one, registry.weights(one)).network(images).softmax(1)
            for one in cards.values()
        ]
        assert torch.allclose(loaded.network(images).softmax(1), torch.stack(each).mean(0), atol=1e-6)
        assert not torch.allclose(each[0], each[1])
    assert task.judge(loaded.network, ALONE) == together.metrics
    _, again = ensemble(place, capsys, *(f"--of={version}" for version in members))
    assert again[-1]["version"] == together.version

    version = ["--version", together.version, "--site", str(place.file), "--events=json"]
    assert command.run(judge, ["mnist", *version, "--report", str(tmp_path)]) == 0
    assert '"judged"' in capsys.readouterr().out
    assert command.run(compress, ["mnist", *version, "--steps", "bf16", "--register"]) == 2
    assert "is an ensemble" in capsys.readouterr().out
    code, refused = ensemble(place, capsys, "--of", together.version, "--of", members[0])
    assert (code, refused[0]["rule"]) == (2, "is an ensemble itself")


@pytest.mark.train
def test_an_ensemble_passes_the_gate_and_is_served(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    members = [trained(place, seed) for seed in (1, 2)]
    _, events = ensemble(place, capsys, *(f"--of={version}" for version in members))
    registry = Registry(place.buckets.registry, "mnist")
    together = str(events[1]["version"])
    assert not promote(registry, place.buckets, together).failed
    process, port = start(place)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        wait_ready(http)
        answer = http.post("/predict", json={"instances": [[0.5] * 784]}).json()
    process.terminate()
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert answer["model"]["version"] == together
    assert sum(answer["predictions"][0]["scores"]) == pytest.approx(1, abs=1e-4)


def test_an_ensemble_that_wins_less_than_is_asked_for_is_not_registered(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    members = [f"--of={trained(place, seed)}" for seed in (1, 2)]
    code, events = ensemble(place, capsys, *members, "--gain", "1")
    assert (code, [event["event"] for event in events]) == (1, ["refused"])
    assert "at least 1.0000 is asked for" in str(events[0]["reasons"])
    assert len(Registry(place.buckets.registry, "mnist").versions()) == 2


def test_a_model_that_is_no_classifier_is_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    code, events = ensemble(place, capsys, "--of", "0", "--of", "1", model="lm")
    assert (code, events[0]["rule"]) == (2, "must be a classifier: mnist, mnist-cnn, sentiment")


A, B = card(weights=b"a"), card(weights=b"b")
PRIVATE = PrivacyFacts(
    epsilon=1, delta=1e-5, clip=1, noise_multiplier=1, sample_rate=0.1, steps=1, accountant="rdp"
)


@pytest.mark.parametrize(
    ("cards", "rule"),
    [
        ([A], "two versions and more"),
        ([A, B, A], "each once"),
        ([A, card(weights=b"b", data="000000000000")], "another data set"),
        ([A, B.model_copy(update={"privacy": PRIVATE})], "is private"),
        ([A, B.model_copy(update={"ensemble": Ensemble(members=[])})], "an ensemble itself"),
        ([A, B.model_copy(update={"config": Configs(model={}, training={}, data={"x": 1})})], "otherwise"),
    ],
)
def test_who_may_not_answer_together(cards: list[Card], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        refuse_cards(cards)


def test_members_share_their_texts_and_are_kept_as_they_are() -> None:
    one = Loaded(MNIST, A, torch.nn.Identity(), {"labels": "a"})
    with pytest.raises(InvalidInputError, match="another tokenizer or other labels"):
        refuse_loaded([one, replace(one, attachments={"labels": "b"})])
    with pytest.raises(InvalidInputError, match="is in bf16"):
        refuse_loaded([one, replace(one, form="bf16")])


def test_weights_that_do_not_fit_the_members_are_refused(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    members = [trained(place, seed) for seed in (1, 2)]
    _, events = ensemble(place, capsys, *(f"--of={version}" for version in members))
    registry = Registry(place.buckets.registry, "mnist")
    found = registry.card(registry.pinned(str(events[1]["version"])))
    assert found.ensemble is not None
    fewer = found.model_copy(update={"ensemble": Ensemble(members=found.ensemble.members[:1])})
    with pytest.raises(CorruptDataError, match="weights must fit"):
        load_version(MNIST, fewer, registry.weights(found))
