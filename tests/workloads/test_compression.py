"""`python -m workloads.compression`: smaller, measured against the parent, refused over the budget."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save

from tests.workloads.conftest import Place
from tests.workloads.made import card as made_card
from tests.workloads.toy import TINY, Told, opened, plan_for, run
from workloads import command
from workloads.asking.packed import pack, unpack
from workloads.asking.version import Loaded
from workloads.compression.__main__ import main
from workloads.compression.budget import Budget, Measured, over
from workloads.compression.candidate import Candidate
from workloads.compression.numbers import ROUNDING
from workloads.compression.steps import take
from workloads.models.lm.config import LMConfig
from workloads.models.mnist.config import CNNConfig, MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.models.mnist.pruning import prune
from workloads.models.recommender.config import TowersConfig
from workloads.models.spec import Measure, load
from workloads.models.table import MODELS
from workloads.settings import NetworkSettings
from workloads.training.ranks import ALONE

pytestmark = pytest.mark.usefixtures("one_thread")

RATED = TowersConfig(users=4, items=6, interactions=0, dim=5, hidden=12)
SMALL_LM = LMConfig(vocabulary=300, dim=16, layers=2, heads=2, kv_heads=1, hidden=12)


def measured(**changes: float) -> Measured:
    found = {"accuracy": 0.9, "perplexity": 20.0, "bytes": 100, "latency_ms": 1.0, **changes}
    metrics = {name: found.pop(name) for name in ("accuracy", "perplexity")}
    return Measured.model_validate({"metrics": metrics, **found})


KEPT = (Measure("accuracy"), Measure("perplexity", higher_is_better=False, share=True))


@pytest.mark.parametrize(
    ("budget", "child", "reasons"),
    [
        ({}, {"accuracy": 0.891}, []),
        ({}, {"accuracy": 0.88}, ["accuracy"]),
        ({}, {"perplexity": 20.1}, []),
        ({}, {"perplexity": 20.3}, ["perplexity"]),
        ({}, {"perplexity": math.nan}, ["perplexity"]),
        ({"size_won": 0.5}, {"bytes": 49}, []),
        ({"size_won": 0.5}, {"bytes": 51}, ["smaller"]),
        ({"latency_won": 0.2}, {"latency_ms": 0.9}, ["faster"]),
        ({"latency_won": 0.2, "size_won": 0.1}, {"accuracy": 0.5}, ["accuracy", "smaller", "faster"]),
    ],
)
def test_what_is_over_the_budget_is_refused_with_its_reasons(
    budget: dict[str, float], child: dict[str, float], reasons: list[str]
) -> None:
    found = over(Budget.model_validate(budget), KEPT, measured(), measured(**child))
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


@pytest.mark.parametrize(
    ("model", "config", "silent"),
    [
        ("mnist-cnn", CNNConfig(channels=2, hidden=12), ["layers.9.weight"]),
        ("recommender", RATED, ["user_tower.3.weight", "item_tower.3.weight"]),
        ("lm", SMALL_LM, ["blocks.0.down.weight", "blocks.1.down.weight"]),
    ],
)
def test_units_that_nothing_reads_can_go(model: str, config: NetworkSettings, silent: list[str]) -> None:
    torch.manual_seed(0)
    spec = MODELS[model]
    network = spec.build(config).eval()
    for name in silent:
        with torch.no_grad():
            network.get_parameter(name)[:, [1, 4, 5]] = 0
    narrow, shape = load(spec.prune or "")(network, config, 0.25)
    assert shape == config.model_copy(update={"hidden": 9})
    given = {
        "mnist-cnn": (torch.rand(3, 28, 28),),
        "recommender": (torch.arange(3), torch.arange(6).view(3, 2)),
        "lm": (torch.randint(0, 300, (2, 7)),),
    }[model]
    assert torch.allclose(narrow(*given), network(*given), atol=1e-5)


def test_weights_with_many_zeros_are_kept_small_and_come_back() -> None:
    dense, sparse = torch.rand(40, 50) + 1, torch.rand(40, 50).bfloat16() + 1
    sparse[torch.rand(40, 50) < 0.8] = 0
    tensors = {"dense": dense, "sparse": sparse, "counts": torch.zeros(9, dtype=torch.long)}
    packed = pack(tensors)
    found = unpack(packed)
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    assert found["sparse"].dtype is torch.bfloat16
    assert len(save(packed)) < len(save(tensors)) - 2 * 2000 * 0.7 + 250
    with pytest.raises(ValueError, match="sparse is not whole"):
        unpack({**packed, "sparse|kept": packed["sparse|kept"][1:]})
    with pytest.raises(ValueError, match="sparse is not whole"):
        unpack({name: tensor for name, tensor in packed.items() if name != "sparse|shape"})


@pytest.mark.parametrize(
    "steps", ["int8,sparse:0.6,distil:1", "sparse:0.6,distil:1,int8", "distil:1,bf16,sparse:0.6"]
)
def test_in_any_order_what_was_cut_stays_cut_and_what_was_rounded_stays_so(steps: str) -> None:
    task, network = opened(), MLP(MLPConfig(widths=(784, 16, 10))).eval()
    parent = Loaded(TINY, made_card(), network, {})
    done = take(Candidate(network, TINY.config, parent, task), steps)
    assert done.form == ("bf16" if "bf16" in steps else "int8")
    layers = [layer.weight for layer in done.network.modules() if isinstance(layer, torch.nn.Linear)]
    zeros = sum(int((weight == 0).sum()) for weight in layers) / sum(weight.numel() for weight in layers)
    assert zeros >= 0.599
    changed = [not torch.equal(one, other) for one, other in zip(layers, network.parameters(), strict=False)]
    assert changed[0]
    for weight in layers:
        assert torch.allclose(weight, ROUNDING[done.form](weight), atol=1e-7)


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
    code, event = tell("--steps", "prune:0.5,distil:20,bf16", "--quality-lost", "0.2", "--size-won", "0.5")
    assert (code, event["event"]) == (0, "compressed"), event
    assert event["config"]["widths"] == [784, 8, 10]
    weights = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
    network = MLP(MLPConfig(widths=(784, 8, 10)))
    network.load_state_dict(weights)
    (tmp_path / "model.safetensors").unlink()
    code, event = tell("--steps", "prune:0.95", "--quality-lost", "0.001")
    assert (code, event["event"]) == (1, "refused")
    assert "of accuracy (" in event["reasons"][0]
    assert not (tmp_path / "model.safetensors").exists()
    for steps in ("prune:2", "quantise", "bf16:3", "sparse:1", "prune:x"):
        code, event = tell("--steps", steps)
        assert (code, event["field"]) == (2, "--steps")


@pytest.mark.train
def test_eight_bits_are_run_by_onnx_and_the_best_is_the_fastest(
    tell: Callable[..., tuple[int, Any]], tmp_path: Path
) -> None:
    code, event = tell("--steps", "int8", "--quality-lost", "0.05", "--size-won", "0.5")
    assert (code, event["event"]) == (0, "compressed"), event
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    images = opened().batch(torch.arange(3), torch.zeros(3, 3))[0]
    (logits,) = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    assert logits.shape == (3, 10)
    code, event = tell("--best", "--quality-lost", "0.05")
    assert code == 0
    found = event["measured"]
    assert found.keys() == {"as it is", "bf16", "onnx", "int8", "int8-torchao"}
    limit = found["as it is"]["accuracy"] - 0.05
    fit = {name: one["latency_ms"] for name, one in found.items() if one["accuracy"] >= limit}
    assert fit[event["steps"]] == min(fit.values())
