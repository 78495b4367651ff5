"""`python -m workloads.judging`: figures that can be checked by hand, and a report that can be read."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from tests.workloads.conftest import Place
from tests.workloads.toy import Told, plan_for, run
from workloads import command
from workloads.judging.__main__ import main
from workloads.judging.classification import judge
from workloads.judging.classified import Classified, thirds
from workloads.models.mnist.judging import ablate as ablate_patches
from workloads.models.sentiment.judging import ablate as ablate_words
from workloads.training.ranks import ALONE

pytestmark = pytest.mark.usefixtures("one_thread")

SCORES = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
LABELS = np.array([0, 1, 1, 0])


def test_the_figures_are_those_that_one_finds_by_hand() -> None:
    found = judge(
        Classified(scores=SCORES, labels=LABELS, names=["a", "b"], slices={"size": ["s", "s", "s", "l"]})
    )
    assert (found["accuracy"], found["confusion"]) == (0.5, [[1, 1], [1, 1]])
    assert found["roc_auc"] == pytest.approx(0.5)
    assert found["log_loss"] == pytest.approx(-sum(map(math.log, (0.9, 0.2, 0.6, 0.3))) / 4)
    # Sure of .9, .8, .7 and .6, and right in the first and the last: each is a bin of its own.
    assert found["calibration_error"] == pytest.approx((0.1 + 0.8 + 0.4 + 0.7) / 4)
    assert found["by_slice"]["size"] == {
        "l": {"records": 1, "accuracy": 0.0},
        "s": {"records": 3, "accuracy": pytest.approx(2 / 3)},
    }
    assert found["by_class"]["b"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "records": 2}


def test_a_class_that_is_not_there_is_not_measured() -> None:
    found = judge(Classified(scores=SCORES, labels=np.array([0, 0, 0, 0]), names=["a", "b"]))
    assert found["roc_auc"] is None
    assert found["macro_recall"] == 0.5


def test_the_area_is_the_mean_of_each_class_against_the_rest() -> None:
    random = np.random.default_rng(3)
    scores, labels = random.dirichlet([1, 1, 1], 60), random.integers(0, 3, 60)
    found = judge(Classified(scores=scores, labels=labels, names=["a", "b", "c"]))
    assert found["roc_auc"] == pytest.approx(
        roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    )


def test_thirds_are_by_value() -> None:
    found = thirds(np.arange(6.0), ("a", "b", "c"))
    assert found == ["a, to 1.667"] * 2 + ["b, to 3.333"] * 2 + ["c, above"] * 2


def test_what_is_taken_out_is_what_the_score_loses() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(784, 3)
    linear = torch.nn.Sequential(torch.nn.Flatten(), layer)
    image = torch.rand(1, 28, 28)
    found = ablate_patches(linear, image, 2)
    due = (layer.weight[2].view(28, 28) * image[0]).detach()
    patches = due.unfold(0, 4, 4).unfold(1, 4, 4).sum((2, 3))
    assert torch.allclose(torch.tensor(found[::4, ::4]).float(), patches, atol=1e-4)
    assert (found[:4, :4] == found[0, 0]).all()

    def counts(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        worth = torch.tensor([0.0, 1.0, 2.0, 4.0, 8.0])[tokens] * mask
        return torch.stack([worth.sum(1), -worth.sum(1)], dim=1)

    network, tokens = torch.nn.Module(), torch.tensor([[1, 2, 3, 4]])
    network.forward = counts
    words = ["[CLS]", "bro", "##ken", "stove"]
    assert ablate_words(network, tokens, torch.ones_like(tokens), words, chosen=0, blank=0).tolist() == [
        1,
        6,
        6,
        8,
    ]


def test_a_version_is_judged_and_reported(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Told()
    run(plan_for(place, epochs=4), place.buckets, ALONE, told)
    registered = told.events[-1][1]
    line = ["mnist", "--report", str(tmp_path / "report"), "--site", str(place.file), "--events=json"]
    assert command.run(main, line) == 2  # nothing is in production
    capsys.readouterr()
    assert command.run(main, [*line, "--version", str(registered["version"])]) == 0
    event: dict[str, Any] = json.loads(capsys.readouterr().out)
    card = dict(told.events[-2][1])
    assert event["metrics"]["accuracy"] == card["accuracy"]
    assert event["classes"]["accuracy"] == pytest.approx(card["accuracy"], abs=1e-6)
    assert event["classes"]["records"] == 101
    assert event["attribution_gap"] < 0.05  # the pixels' parts add up to what they explain
    assert 0 < event["latency_ms"]["batch_p50_ms"] <= event["latency_ms"]["one_p95_ms"]
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert f"mnist {registered['version']}" in page
    for name in ("confusion", "calibration", "attribution", "ablation"):
        content = (tmp_path / "report" / f"{name}.png").read_bytes()
        assert min(Image.open(io.BytesIO(content)).size) > 200
    assert json.loads((tmp_path / "report" / "judgement.json").read_bytes())["metrics"] == event["metrics"]
