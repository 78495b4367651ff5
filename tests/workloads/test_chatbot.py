"""The chatbot: its data, its threshold, and a checkpoint that is fine-tuned, gated and asked."""

import math
from pathlib import Path

import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.toy import Told
from workloads.asking.said import Said
from workloads.asking.version import load_version
from workloads.data import support
from workloads.data.put import put
from workloads.data.support_made import KNOWN, UNKNOWN
from workloads.data.table import DATASETS
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.models.chatbot.answer import REFUSAL
from workloads.models.chatbot.retrieval import NONE, calibrate, outcome
from workloads.models.spec import load
from workloads.models.table import MODELS
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE
from workloads.training.run import run
from workloads.training.stop import Stop

pytestmark = pytest.mark.usefixtures("one_thread", "_offline")


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_each_question_is_in_one_part_and_only_known_ones_are_learnt() -> None:
    files = support.made().files
    parts = [support.read_asked(files, n) for n in (support.TRAIN, support.CALIBRATION, support.TEST)]
    questions = [question for part in parts for question, _ in part]
    assert len(questions) == len(set(questions)) == sum(len(asked) for _, asked in KNOWN) + len(UNKNOWN)
    assert all(answer for _, answer in parts[0])
    for part in parts[1:]:
        assert {answer for _, answer in part} == {None, *(answer for answer, _ in KNOWN)}


@pytest.mark.parametrize("line", ["{", '{"question": "q"}', '{"question": "", "answer": null}', "[]"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "knowledge.jsonl").write_text(f'{{"question": "q", "answer": "a"}}\n{line}\n')
    with pytest.raises(CorruptDataError) as caught:
        support.folder(tmp_path)
    assert caught.value.field == "knowledge.jsonl line 2"


def test_a_folder_without_questions_to_refuse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"knowledge\.jsonl"):
        support.folder(tmp_path)
    known: list[support.Asked] = [(question, answer) for answer, asked in KNOWN for question in asked]
    with pytest.raises(InvalidInputError, match="without an answer"):
        support.to_content(known)


@pytest.mark.parametrize(
    ("false_answers", "expected"),
    [(0.0, 0.75), (0.25, 0.55), (0.5, 0.4)],
)
def test_the_threshold_is_the_lowest_that_the_calibration_allows(
    false_answers: float, expected: float
) -> None:
    scores = torch.tensor([0.4, 0.9, 0.7, 0.8], dtype=torch.float64)
    found, true = torch.tensor([1, 1, 0, 2]), torch.tensor([0, 1, NONE, 2])
    assert calibrate(scores, found, true, false_answers=false_answers) == pytest.approx(expected)
    told = outcome(scores, found, true, calibrate(scores, found, true, false_answers=false_answers))
    assert told["false_answers"] <= false_answers


def test_equal_scores_are_answered_together_or_not_at_all() -> None:
    scores, found, true = torch.tensor([0.5, 0.5]), torch.tensor([0, 0]), torch.tensor([0, NONE])
    assert calibrate(scores, found, true, false_answers=0) == math.inf


@pytest.mark.train
def test_it_answers_in_the_knowledges_words_and_refuses_the_rest(place: Place) -> None:
    put(place.buckets.data, DATASETS["support-made"], None)
    spec = MODELS["chatbot"].smaller()
    plan, told = make_plan(spec, None, place.buckets, 1), Told()
    run(plan, place.buckets, ALONE, told, Stop())
    found = dict(told.events)["evaluated"]
    assert found["coverage"] >= 0.6
    assert found["false_answers"] <= 0.05
    registry = Registry(place.buckets.registry, "chatbot")
    assert not promote(registry, place.buckets, None, smoke=True).failed
    card = registry.card(registry.production())
    assert {"coverage", "false_answers", "threshold"} <= card.metrics.keys()
    loaded = load_version(spec, card, registry.weights(card))
    assert float(loaded.network.state_dict()["threshold"]) == pytest.approx(
        card.metrics["threshold"], abs=1e-5
    )
    assert spec.answer is not None
    answer = load(spec.answer)(loaded)
    (tracked, _), *_ = KNOWN
    said = answer(["Could you tell me where my parcel is?", "Which planet is the largest?"])
    assert said == [Said(tracked), Said(REFUSAL, "refused")]
