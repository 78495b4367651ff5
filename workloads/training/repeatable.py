"""`--deterministic`: a run that computes the same to the bit each time."""

import os

import torch

from workloads.training.config import TrainingConfig


def repeatable(config: TrainingConfig) -> None:
    """Have torch compute so, or no longer; to be called before anything is computed on a GPU."""
    if config.deterministic:  # as torch asks for it
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(config.deterministic)
