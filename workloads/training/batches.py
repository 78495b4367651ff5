"""Batches: shuffled, augmented, divided among ranks.

All randomness is a function of (seed, epoch, step) over the whole batch, of which a rank takes its
share. So any number of ranks sees the same records with the same augmentation, and a resumed run the
same as an unbroken one, with no generator's state to save.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from workloads.training.config import TrainingConfig
from workloads.training.ranks import Ranks


def steps_per_epoch(records: int, config: TrainingConfig) -> int:
    """Whole batches in an epoch; the order differs by epoch, so each record has its turn."""
    return records // config.batch_size


def batches(
    images: Tensor, labels: Tensor, config: TrainingConfig, epoch: int, ranks: Ranks
) -> Iterator[tuple[Tensor, Tensor]]:
    """This rank's share of an epoch: images (n, 28, 28) of 0-1, labels (n,); n = batch_size / world_size."""
    order = torch.randperm(len(labels), generator=_generator(config.seed, epoch, 0)).to(images.device)
    mine = slice(ranks.rank, None, ranks.world_size)
    for step in range(steps_per_epoch(len(labels), config)):
        chosen = order[step * config.batch_size : (step + 1) * config.batch_size]
        motions = random_motions(len(chosen), config, _generator(config.seed, epoch, step + 1))
        yield move(images[chosen[mine]], motions[mine].to(images.device)), labels[chosen[mine]]


def random_motions(n: int, config: TrainingConfig, generator: torch.Generator) -> Tensor:
    """(n, 3): a rotation in radians and shifts in pixels, uniform within the configured ranges."""
    limits = torch.tensor([math.radians(config.rotation), config.shift, config.shift])
    return (2 * torch.rand(n, 3, generator=generator) - 1) * limits


def move(images: Tensor, motions: Tensor) -> Tensor:
    """Images (n, h, w), each rotated about its centre and shifted by its row of `motions` (n, 3)."""
    angle, right, down = motions.unbind(1)
    cos, sin = angle.cos(), angle.sin()
    height, width = images.shape[1:]
    rows = [cos, -sin, -2 * right / width, sin, cos, -2 * down / height]
    grid = affine_grid(
        torch.stack(rows, 1).view(-1, 2, 3), [len(images), 1, height, width], align_corners=False
    )
    return grid_sample(images.unsqueeze(1), grid, align_corners=False).squeeze(1)


def _generator(seed: int, epoch: int, step: int) -> torch.Generator:
    # Mixed by a multiplier of 64 bits, since neighbouring seeds would give related streams.
    mixed = (seed * 1_000_003 + epoch) * 1_000_003 + step
    return torch.Generator().manual_seed((mixed * 0x9E3779B97F4A7C15) % 2**63)
