"""Images moved at random, as the draws that were made for the whole batch say."""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from workloads.models.mnist.config import AugmentConfig


def random_motions(n: int, config: AugmentConfig, generator: torch.Generator) -> Tensor:
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
