"""Digits in memory: batches of moved images, cross entropy, and the classification's metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from workloads.command import expect
from workloads.data.images import CLASSES, Labelled, from_files
from workloads.models.mnist.augment import move, random_motions
from workloads.models.mnist.config import AugmentConfig
from workloads.models.spec import ModelSpec
from workloads.training.evaluation import evaluate
from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Network


@dataclass(frozen=True)
class Digits:
    """Images (n, 28, 28) of 0-1 and labels (n,) of both splits, on this rank's device."""

    network: nn.Module
    augment: AugmentConfig
    images: Tensor
    labels: Tensor
    held_out_images: Tensor
    held_out_labels: Tensor
    unit = "samples"
    units_per_record = 1

    @property
    def records(self) -> int:
        """How many there are to learn from."""
        return len(self.labels)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """A random motion for each of `n` images."""
        return random_motions(n, self.augment, generator)

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """The chosen images, moved, and their labels."""
        device = self.images.device
        chosen = chosen.to(device)
        return move(self.images[chosen], draws.to(device)), self.labels[chosen]

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Cross entropy, averaged over the batch."""
        images, labels = batch
        return cross_entropy(network(images), labels)

    def judge(self, network: nn.Module, ranks: Ranks) -> dict[str, float]:
        """The metrics on held-out images."""
        found = evaluate(
            lambda chosen: network(self.held_out_images[chosen]), self.held_out_labels, ranks, CLASSES
        )
        return found.as_dict()

    def attachments(self) -> dict[str, str]:
        """Nothing beside the weights."""
        return {}


def open_digits(spec: ModelSpec, files: Mapping[str, bytes], ranks: Ranks) -> Digits:
    """The four IDX files in memory, pixels scaled to 0-1."""

    def pair(part: Labelled) -> tuple[Tensor, Tensor]:
        images = torch.tensor(part.images, device=ranks.device)
        labels = torch.tensor(part.labels, device=ranks.device)
        return images.float() / 255, labels.long()

    splits = from_files(files)
    network, augment = spec.build().to(ranks.device), expect(AugmentConfig, spec.data)
    return Digits(network, augment, *pair(splits.train), *pair(splits.test))
