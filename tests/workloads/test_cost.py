"""What a run costs: its operations, whether compiling is worth it, and what it tells meanwhile."""

import time
from dataclasses import replace

import httpx
import pytest
import torch
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from torch import Tensor, nn

from tests.workloads.toy import Told, configured, learn, opened
from workloads.errors import InvalidInputError
from workloads.events import silent
from workloads.models.mnist.config import MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.training import cost as costs
from workloads.training.compiling import compiled
from workloads.training.cost import Cost, share_of
from workloads.training.ranks import ALONE
from workloads.training.telemetry import measured


@pytest.mark.parametrize("records", [30, 12])
def test_a_step_costs_what_its_products_are(records: int) -> None:
    """Of a whole batch, also where the one that was looked at has other records than that by chance."""
    task, cost = opened(configured(batch_size=30)), Cost(1.0, 0.0)
    halves = torch.arange(records).chunk(2)
    parts = [task.batch(half, task.draw(len(half), torch.Generator())) for half in halves]
    for _ in range(2):  # counted once
        with cost.counting(share_of(parts, 30)):
            for part in parts:
                torch.autograd.backward(task.loss(task.network, part))
    forward = 2 * 30 * (784 * 16 + 16 * 10)
    # Backward is twice as much, but the images need no gradient.
    assert cost.flops_per_step == pytest.approx(3 * forward - 2 * 30 * 784 * 16)


@pytest.mark.parametrize(("threads", "side"), [(1, 256), (2, 320), (8, 512)])
def test_what_tells_a_cpus_speed_is_as_much_work_a_thread(
    monkeypatch: pytest.MonkeyPatch, threads: int, side: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(costs, "seconds_of_product", lambda _device, _dtype, given: 2.0 * given**3 / given)
    assert costs.peak(torch.device("cpu"), torch.float32) == side


def test_a_batch_without_a_record_is_not_counted() -> None:
    cost = Cost(1.0, 0.0)
    with cost.counting(share_of([], 30)):
        pass
    assert cost.flops_per_step == 0


@pytest.mark.parametrize(("delay", "chosen"), [(0.0, False), (0.3, True)])
def test_it_is_compiled_where_that_is_faster(
    monkeypatch: pytest.MonkeyPatch, delay: float, chosen: bool
) -> None:
    """The compiler is left out: what it would give is the network itself, or one that is as much faster."""

    class Slow(MLP):
        def forward(self, x: Tensor) -> Tensor:
            time.sleep(delay)
            return super().forward(x)

    def compile(network: Slow) -> nn.Module:
        quick = MLP(MLPConfig(widths=(784, 16, 10)))
        quick.layers = network.layers
        return quick if delay else network

    monkeypatch.setattr(torch, "compile", compile)
    spec, told = configured(epochs=1, compile="auto"), Told()
    task = replace(opened(spec), network=Slow(MLPConfig(widths=(784, 16, 10))))  # type: ignore[type-var]
    cost = Cost(1.0, 0.0)
    network = compiled(task.network, task, spec.training, ALONE, dtype=torch.float32, emit=told, cost=cost)
    if delay or told.events[0][1]["chosen"] is False:  # equal ones may differ by chance
        assert told.events[0][1]["chosen"] is chosen
        assert (network is task.network) is not chosen
        assert bool(cost.flops_per_step) is chosen  # else the loop counts


def test_a_compiler_that_fails_is_found_by_auto_and_told_by_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile(network: nn.Module) -> nn.Module:
        return torch.nn.Linear(1, 1)  # fails as it is called

    monkeypatch.setattr(torch, "compile", compile)
    told = Told()
    learn(configured(epochs=1, compile="auto"), told)
    assert told.events[0][0] == "compiled"
    assert told.events[0][1]["chosen"] is False
    with pytest.raises(InvalidInputError, match="must be possible here"):
        learn(configured(epochs=1, compile="on"), Told())


def test_what_a_run_tells_is_on_loopback_as_openmetrics_while_it_runs() -> None:
    told = Told()
    with measured(told, 0) as emit:
        url = str(told.events[0][1]["url"])
        emit("started", model="mnist", run="r1", dataset="digits", world_size=1)
        learn(configured(epochs=2), emit)
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        answer = httpx.get(url, headers=accept)
        with pytest.raises(InvalidInputError, match="must be a port that is free"):
            measured(silent, int(url.split(":")[2].split("/", maxsplit=1)[0])).__enter__()
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }
    last = told.events[-1][1]
    assert samples["training_epoch"] == 2
    assert samples["training_loss"] == last["loss"]
    assert 0 < samples["training_model_flops_utilization"] == last["mfu"] < 1.5
    assert samples["training_energy_joules"] > 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
