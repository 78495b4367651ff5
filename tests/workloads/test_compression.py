"""`python -m workloads.compression`: smaller, measured against the parent, refused over the budget."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from tests.workloads.conftest import Place
from tests.workloads.test_serving import start, wait_ready
from tests.workloads.test_training import Told, opened, plan_for, run
from workloads import command
from workloads.asking.onnx_network import attached, opened_onnx
from workloads.asking.version import load_version
from workloads.compression.__main__ import main
from workloads.compression.budget import Budget, Measured, over
from workloads.compression.onnx import export
from workloads.errors import CorruptDataError
from workloads.models.mnist.config import MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.models.mnist.pruning import prune
from workloads.models.table import MODELS
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.training.ranks import ALONE

pytestmark = pytest.mark.usefixtures("one_thread")


def measured(**changes: float) -> Measured:
    return Measured.model_validate({"accuracy": 0.9, "bytes": 100, "latency_ms": 1.0, **changes})


@pytest.mark.parametrize(
    ("budget", "child", "reasons"),
    [
        ({}, {"accuracy": 0.891}, []),
        ({}, {"accuracy": 0.88}, ["accuracy"]),
        ({"size_won": 0.5}, {"bytes": 49}, []),
        ({"size_won": 0.5}, {"bytes": 51}, ["smaller"]),
        ({"latency_won": 0.2}, {"latency_ms": 0.9}, ["faster"]),
        ({"latency_won": 0.2, "size_won": 0.1}, {"accuracy": 0.5}, ["accuracy", "smaller", "faster"]),
    ],
)
def test_what_is_over_the_budget_is_refused_with_its_reasons(
    budget: dict[str, float], child: dict[str, float], reasons: list[str]
) -> None:
    found = over(Budget.model_validate(budget), measured(), measured(**child))
    assert len(found) == len(reasons)
    assert all(reason in said for reason, said in zip(reasons, found, strict=True))


def test_the_neurons_that_count_least_are_taken_out() -> None:
    config = MLPConfig(widths=(4, 6, 5, 3))
    network = MLP(config).eval()
    first, second, _ = (layer for layer in network.layers if isinstance(layer, torch.nn.Linear))
    with torch.no_grad():
        first.weight[[1, 4]] = 0
        first.bias[[1, 4]] = 0
        second.weight[[0, 3]] = 0
        second.bias[[0, 3]] = 0
    narrow, shape = prune(network, config, 0.35)
    assert isinstance(shape, MLPConfig)
    assert shape.widths == (4, 4, 3, 3)
    given = torch.rand(7, 4)
    assert torch.allclose(narrow(given), network(given), atol=1e-6)


@pytest.fixture
def tell(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Compresses a tiny model that was just trained; the exit code and the last event."""
    told = Told()
    run(plan_for(place, epochs=4), place.buckets, ALONE, told)
    version = told.events[-1][1]["version"]

    def once(*arguments: str) -> tuple[int, Any]:
        fixed = ["mnist", "--version", str(version), "--site", str(place.file), "--out", str(tmp_path)]
        code = command.run(main, [*fixed, *arguments, "--events=json"])
        return code, json.loads(capsys.readouterr().out)

    return once


def test_a_narrower_network_is_taught_and_written_or_refused(
    tell: Callable[..., tuple[int, Any]], tmp_path: Path
) -> None:
    code, event = tell("--steps", "prune:0.5,distil:20,bf16", "--accuracy-lost", "0.2", "--size-won", "0.5")
    assert (code, event["event"]) == (0, "compressed"), event
    assert event["config"]["widths"] == [784, 8, 10]
    weights = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
    network = MLP(MLPConfig(widths=(784, 8, 10)))
    network.load_state_dict(weights)
    (tmp_path / "model.safetensors").unlink()
    code, event = tell("--steps", "prune:0.95", "--accuracy-lost", "0.001")
    assert (code, event["event"]) == (1, "refused")
    assert "of accuracy" in event["reasons"][0]
    assert not (tmp_path / "model.safetensors").exists()
    for steps in ("prune:2", "quantise", "bf16,prune", "prune:x"):
        code, event = tell("--steps", steps)
        assert (code, event["field"]) == (2, "--steps")


@pytest.mark.skipif("DATAHALL_TRAIN" not in os.environ, reason="make test-train")
def test_eight_bits_are_run_by_onnx_and_the_best_is_the_fastest(
    tell: Callable[..., tuple[int, Any]], tmp_path: Path
) -> None:
    code, event = tell("--steps", "int8", "--accuracy-lost", "0.05", "--size-won", "0.5")
    assert (code, event["event"]) == (0, "compressed"), event
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    images = opened().batch(torch.arange(3), torch.zeros(3, 3))[0]
    (logits,) = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    assert logits.shape == (3, 10)
    code, event = tell("--best", "--accuracy-lost", "0.05")
    assert code == 0
    found = event["measured"]
    assert found.keys() == {"as it is", "bf16", "onnx", "int8"}
    limit = found["as it is"]["accuracy"] - 0.05
    fit = {name: one["latency_ms"] for name, one in found.items() if one["accuracy"] >= limit}
    assert fit[event["steps"]] == min(fit.values())


@pytest.mark.parametrize(
    "steps",
    [
        "prune:0.5,distil:20,bf16",
        pytest.param(
            "prune:0.5,distil:20,onnx,int8",
            marks=pytest.mark.skipif("DATAHALL_TRAIN" not in os.environ, reason="make test-train"),
        ),
    ],
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
    assert card.compression.budget["accuracy_lost"] == 1
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
    code, refused = compressed(place, capsys, parent, "--steps", "bf16")
    assert (code, refused[0]["field"]) == (2, "--out")


def test_an_onnx_file_that_is_not_whole_is_refused() -> None:
    whole = export(MLP(MLPConfig(widths=(784, 3))).eval(), (torch.rand(2, 28, 28),)).content
    texts = {"tokenizer.json": "{}"}
    assert opened_onnx(attached(whole, texts), "mnist 1").attachments == texts
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
    line = ["mnist", "--version", version, "--site", str(place.file), "--accuracy-lost", "1", *arguments]
    code = command.run(main, [*line, "--events=json"])
    return code, [json.loads(event) for event in capsys.readouterr().out.splitlines()]
