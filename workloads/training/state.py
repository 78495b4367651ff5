"""What changes while a model is trained, and its form as bytes."""

import io
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from workloads.training.config import TrainingConfig


@dataclass
class State:
    """The network, its optimizer, and how many epochs are done."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    epoch: int = 0

    def to_bytes(self) -> bytes:
        """All of it as one blob that `restore` reads."""
        buffer = io.BytesIO()
        parts = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**parts, "epoch": self.epoch}, buffer)
        return buffer.getvalue()

    def restore(self, blob: bytes, device: torch.device) -> None:
        """Take over the state in `blob` (tensors only: nothing in it is run)."""
        saved: dict[str, Any] = torch.load(io.BytesIO(blob), map_location=device, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.epoch = saved["epoch"]


def new_state(model: nn.Module, config: TrainingConfig) -> State:
    """A state before the first step."""
    decay = config.weight_decay
    return State(model, torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=decay, fused=True))


def learning_rate(step: int, steps: int, config: TrainingConfig) -> float:
    """The rate at `step` of `steps`: linear warm-up, then a cosine to zero (Loshchilov & Hutter, 2017)."""
    warm = math.ceil(config.warmup * steps)
    if step < warm:
        return config.lr * (step + 1) / warm
    return config.lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
