"""`python -m workloads.compression`: smaller, measured against the parent, refused over the budget."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from tests.workloads.conftest import Place
from tests.workloads.toy import Told, opened, plan_for, run
from workloads import command
from workloads.compression.__main__ import main
from workloads.compression.budget import Budget, Measured, over
from workloads.models.mnist.config import MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.models.mnist.pruning import prune
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


@pytest.mark.train
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
