"""Compressed versions: registered, judged by the gate, and served over HTTP in the form that they have."""

import json
from typing import Any

import httpx
import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.test_serving import start, wait_ready
from tests.workloads.toy import Told, opened, plan_for, run
from workloads import command
from workloads.asking.onnx_network import attached, opened_onnx
from workloads.asking.said import Said
from workloads.asking.version import load_version
from workloads.compression.__main__ import main
from workloads.compression.onnx import export
from workloads.data.put import put
from workloads.data.table import DATASETS
from workloads.errors import CorruptDataError
from workloads.models.mnist.config import MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.models.spec import load
from workloads.models.table import MODELS
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.train
@pytest.mark.parametrize(
    "steps", ["prune:0.5,distil:20,bf16", "int8,prune:0.5,distil:20", "sparse:0.8,distil:20"]
)
def test_a_compressed_version_passes_the_gate_and_is_served(
    place: Place, capsys: pytest.CaptureFixture[str], steps: str
) -> None:
    parent = trained(place)
    code, events = compressed(place, capsys, parent, "--steps", steps, "--register")
    assert (code, [event["event"] for event in events]) == (0, ["compressed", "registered"])
    registry = Registry(place.buckets.registry, "mnist")
    card = registry.card(registry.pinned(events[1]["version"]))
    assert card.compression is not None
    assert (card.compression.parent, card.compression.steps) == (parent, steps)
    assert card.compression.budget["quality_lost"] == 1
    assert card.weights.size < registry.card(registry.pinned(parent)).weights.size
    assert card.compression.measured["child"]["bytes"] == card.weights.size
    assert f"Compressed from `{parent}` by {steps}" in card.markdown()
    assert card.empty_fields() == []
    loaded = load_version(MODELS["mnist"], card, registry.weights(card))
    task = opened()
    assert task.judge(loaded.network, ALONE) == card.metrics
    assert not promote(registry, place.buckets, card.version).failed

    process, port = start(place)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        wait_ready(http)
        rows = task.batch(torch.arange(5), torch.zeros(5, 3))[0].flatten(1)
        answer = http.post("/predict", json={"instances": rows.tolist()}).json()
    process.terminate()
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert answer["model"]["version"] == card.version
    with torch.inference_mode():
        scores = loaded.network(rows).softmax(1)
    assert torch.allclose(torch.tensor([p["scores"] for p in answer["predictions"]]), scores, atol=1e-4)


def test_what_lost_too_much_is_refused_by_the_gate_and_what_cannot_go_on_at_once(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = trained(place)
    registry = Registry(place.buckets.registry, "mnist")
    assert not promote(registry, place.buckets, parent).failed
    _, events = compressed(place, capsys, parent, "--steps", "prune:0.9,bf16", "--register")
    child = events[1]["version"]
    failed = promote(registry, place.buckets, child).failed
    assert "accuracy not worse than production" in [finding.rule for finding in failed]
    assert registry.production().version == parent
    _, again = compressed(place, capsys, parent, "--steps", "prune:0.9,bf16", "--register")
    assert again[1]["version"] == child  # whatever the clock said
    code, refused = compressed(place, capsys, child, "--steps", "bf16", "--register")
    assert (code, refused[0]["field"]) == (2, "version")
    code, refused = compressed(place, capsys, parent, "--steps", "bf16", "--steps", "int8", "--register")
    assert (code, refused[0]["field"]) == (2, "--steps")
    code, refused = compressed(place, capsys, parent, "--steps", "bf16")
    assert (code, refused[0]["field"]) == (2, "--out")


def test_an_onnx_file_that_is_not_whole_is_refused() -> None:
    whole = export(MLP(MLPConfig(widths=(784, 3))).eval(), (torch.rand(2, 28, 28),)).content
    texts = {"tokenizer.json": "{}"}
    opened = opened_onnx(attached(whole, texts, {"threshold": torch.tensor(0.75)}), "mnist 1")
    assert opened.attachments == texts
    assert float(opened.get_buffer("threshold")) == 0.75
    for broken in (b"", b"no model", whole[:-40]):
        with pytest.raises(CorruptDataError, match=r"mnist 1: model\.onnx"):
            opened_onnx(broken, "mnist 1")


def trained(place: Place) -> str:
    """The version of a tiny model that was just trained."""
    told = Told()
    run(plan_for(place, epochs=4), place.buckets, ALONE, told)
    return str(told.events[-1][1]["version"])


def compressed(
    place: Place, capsys: pytest.CaptureFixture[str], version: str, *arguments: str
) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the events of a compression that may lose much."""
    line = ["mnist", "--version", version, "--site", str(place.file), "--quality-lost", "1", *arguments]
    code = command.run(main, [*line, "--events=json"])
    return code, [json.loads(event) for event in capsys.readouterr().out.splitlines()]


@pytest.mark.train
@pytest.mark.parametrize(
    ("model", "data", "question"), [("lm", "python-reference", "The"), ("recommender", "ratings-made", "17")]
)
def test_models_that_are_no_classifiers_answer_from_eight_bits_by_their_own_measure(
    place: Place, capsys: pytest.CaptureFixture[str], model: str, data: str, question: str
) -> None:
    put(place.buckets.data, DATASETS[data], None)
    told, spec = Told(), MODELS[model].smaller()
    run(make_plan(spec, None, place.buckets, 1), place.buckets, ALONE, told)
    parent = str(told.events[-1][1]["version"])
    line = [model, "--version", parent, "--site", str(place.file), "--steps", "prune:0.25,int8", "--register"]
    code = command.run(main, [*line, "--quality-lost", "0.3", "--size-won", "0.2", "--events=json"])
    events = [json.loads(event) for event in capsys.readouterr().out.splitlines()]
    assert (code, [event["event"] for event in events]) == (0, ["compressed", "registered"]), events
    measured = events[0]["measured"]
    assert measured.keys() == {"as it is", "prune:0.25,int8"}
    assert {measure.name for measure in spec.kept} < measured["as it is"].keys()
    registry = Registry(place.buckets.registry, model)
    card = registry.card(registry.pinned(events[1]["version"]))
    loaded = load_version(spec, card, registry.weights(card))
    assert loaded.form == "onnx"
    (said,) = load(spec.answer or "")(loaded)([question])
    assert isinstance(said, Said)
    assert said.text
    if model == "lm":  # the same tokens as its parent's: so small a one says a line's end each time
        first = registry.card(registry.pinned(parent))
        before = load_version(spec, first, registry.weights(first))
        assert load(spec.answer or "")(before)([question]) == [said]
        assert bool(said.note) is not bool(said.text.strip())
    worse = ["prune:0.9,sparse:0.9,int8" if each == "prune:0.25,int8" else each for each in line]
    code = command.run(main, [*worse, "--events=json"])
    refused = json.loads(capsys.readouterr().out)
    assert (code, refused["event"]) == (1, "refused")
    assert f"of {spec.kept[0].name} (" in refused["reasons"][0]
