"""Seconds until 98 % of the held-out digits are right: ours, and the recipe of pytorch/examples' MNIST.

Theirs, as its page describes it: two convolutions of 3 x 3 (32 and 64), pooling, dropout, 128 hidden units,
Adadelta at 1.0 with the rate times 0.7 after each 938 batches (an epoch of MNIST), batches of 64, normalised
pixels. The data are the digits that scikit-learn carries, 1,442 to learn from, for both.
"""

import itertools
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.training.ours import configured, learn
from benchmarks.training.timing import Pair, in_turn
from workloads.data import digits
from workloads.models.mnist.task import Digits
from workloads.models.table import MODELS
from workloads.training.ranks import ALONE

_GOAL = 0.98
_MOST = 60
_EPOCH_OF_MNIST = 938


def run(rounds: int) -> list[Pair]:
    """Our perceptron and our convolutional network, each against theirs."""
    files = digits.collect().files
    seeds = {"ours": itertools.count(1), "theirs": itertools.count(1)}

    def ours(name: str) -> None:
        seed = next(seeds["ours"])
        torch.manual_seed(seed)
        spec = configured(MODELS[name], epochs=_MOST, seed=seed, warmup=0.01)
        reached: list[bool] = []

        def emit(event: str, **fields: Any) -> None:  # noqa: ANN401
            if event == "epoch" and fields["value"] >= _GOAL:
                reached.append(True)

        learn(spec, spec.open(files, ALONE), emit=emit, stopping=lambda: bool(reached))
        assert reached, f"{name} did not reach {_GOAL}"

    def theirs() -> None:
        torch.manual_seed(next(seeds["theirs"]))
        task = MODELS["mnist"].open(files, ALONE)
        assert isinstance(task, Digits)
        _theirs(task)

    return [
        in_turn(f"{name}: to {_GOAL:.0%}", "seconds", rounds, ours=partial(ours, name), theirs=theirs)
        for name in ("mnist", "mnist-cnn")
    ]


def _theirs(task: Digits) -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
    )
    network.extend([nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)])
    optimizer = torch.optim.Adadelta(network.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=_EPOCH_OF_MNIST, gamma=0.7)
    train, test = (
        TensorDataset((images[:, None] - 0.1307) / 0.3081, labels)
        for images, labels in ((task.images, task.labels), (task.held_out_images, task.held_out_labels))
    )
    for _ in range(_MOST):
        network.train()
        for images, labels in DataLoader(train, batch_size=64, shuffle=True):
            optimizer.zero_grad()
            torch.autograd.backward(cross_entropy(network(images), labels))
            optimizer.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            hits = sum(int((network(x).argmax(1) == y).sum()) for x, y in DataLoader(test, batch_size=1000))
        if hits / len(test) >= _GOAL:
            return
    raise AssertionError(f"the recipe did not reach {_GOAL}")
