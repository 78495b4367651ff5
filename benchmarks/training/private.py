"""Seconds of a differentially private training: our loop with opacus in it, and opacus alone.

The same network, digits, augmentation, batch, noise and clip; both sample by Poisson's scheme and judge the
held-out digits after each epoch. The noise is accounted for beforehand, once, for both.
"""

import warnings
from typing import Any

import torch
from opacus import PrivacyEngine
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.training.ours import configured, learn
from benchmarks.training.timing import Pair, in_turn
from workloads.data import digits
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.training.privacy import privacy_of
from workloads.training.ranks import ALONE
from workloads.training.task import Task

_EPOCHS = 3


def run(rounds: int) -> list[Pair]:
    """The perceptron and the convolutional network."""
    files = digits.collect().files
    warnings.filterwarnings("ignore", message="Secure RNG turned off")
    warnings.filterwarnings("ignore", message="Full backward hook is firing")
    pairs = []
    for name in ("mnist", "mnist-cnn"):
        spec = configured(MODELS[name], epochs=_EPOCHS, private_epsilon=8.0)

        def ours(spec: ModelSpec = spec) -> None:
            learn(spec, spec.open(files, ALONE))

        def theirs(spec: ModelSpec = spec) -> None:
            _alone(spec, spec.open(files, ALONE))

        privacy_of(spec.training, spec.open(files, ALONE).records)
        what = f"private: {name}, {_EPOCHS} epochs, against opacus alone"
        pairs.append(in_turn(what, "seconds", rounds, ours=ours, theirs=theirs))
    return pairs


def _alone(spec: ModelSpec, task: Task) -> None:
    config = spec.training
    facts = privacy_of(config, task.records)
    engine: Any = PrivacyEngine(accountant="rdp")
    network, optimizer, loader = engine.make_private(
        module=task.network,
        optimizer=torch.optim.AdamW(task.network.parameters(), lr=config.lr, fused=True),
        data_loader=DataLoader(TensorDataset(torch.arange(task.records)), batch_size=config.batch_size),
        noise_multiplier=facts.noise_multiplier,
        max_grad_norm=facts.clip,
    )
    generator = torch.Generator().manual_seed(1)
    for _ in range(config.epochs):
        for (chosen,) in loader:
            batch = task.batch(chosen, task.draw(len(chosen), generator))
            optimizer.zero_grad()
            torch.autograd.backward(task.loss(network, batch))
            optimizer.step()
        network.eval()
        task.judge(network, ALONE)
        network.train()
