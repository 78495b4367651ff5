"""Digits in memory: batches of moved images, cross entropy, and the classification's metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from workloads.command import expect
from workloads.data.images import CLASSES, Digit, Labelled, from_files, together
from workloads.data.stream import Stream
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
    stream: Stream[Digit] | None = None
    unit = "samples"
    units_per_record = 1

    @property
    def records(self) -> int:
        """How many there are to learn from."""
        return self.stream.records if self.stream else len(self.labels)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """A random motion for each of `n` images."""
        return random_motions(n, self.augment, generator)

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """The chosen images, moved, and their labels."""
        device = self.images.device
        chosen = chosen.to(device)
        return move(self.images[chosen], draws.to(device)), self.labels[chosen]

    def made(self, records: Sequence[Digit], draws: Tensor) -> Batch:
        """Digits of the stream."""
        device = self.held_out_images.device
        images, labels = tensors(together(records), device)
        return move(images, draws.to(device)), labels

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
    """The data set in memory, pixels scaled to 0-1."""
    splits = from_files(files)
    network, augment = spec.build().to(ranks.device), expect(AugmentConfig, spec.data)
    return Digits(network, augment, *tensors(splits.train, ranks.device), *tensors(splits.test, ranks.device))


def tensors(part: Labelled, device: torch.device) -> tuple[Tensor, Tensor]:
    """Images (n, 28, 28) of 0-1 and labels (n,)."""
    images, labels = torch.tensor(part.images, device=device), torch.tensor(part.labels, device=device)
    return images.float() / 255, labels.long()
