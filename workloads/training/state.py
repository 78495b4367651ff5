"""What changes while a model is trained, and its form as bytes."""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from workloads.errors import CorruptDataError
from workloads.fingerprint import short_hash
from workloads.training.config import TrainingConfig

Weights = dict[str, Tensor]


@dataclass
class State:
    """The network, its optimizer, what is averaged and remembered, and how many steps are done."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    attachments: dict[str, str]
    average: AveragedModel | None = None
    step: int = 0
    loss: Tensor = field(default_factory=lambda: torch.zeros(1))
    """The sum of this epoch's losses."""
    best: float | None = None
    waited: int = 0
    """Epochs since the best one."""
    best_weights: Weights | None = None

    @property
    def judged(self) -> nn.Module:
        """The network that is judged and registered: the average where there is one."""
        return self.average.module if self.average else self.network

    def weights(self) -> Weights:
        """What is registered: the best epoch's weights where they were kept, else the last."""
        return self.best_weights or _copy(self.judged)

    def note(self, value: float, *, higher_is_better: bool) -> None:
        """Keep the weights if `value` is the best so far, else count the epoch as waited."""
        if self.best is None or (value > self.best if higher_is_better else value < self.best):
            self.best, self.waited, self.best_weights = value, 0, _copy(self.judged)
        else:
            self.waited += 1

    def to_bytes(self) -> bytes:
        """All of it as one blob that `restore` reads."""
        parts = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "attachments": short_hash(self.attachments),
            "step": self.step,
            "loss": self.loss,
            "best": self.best,
            "waited": self.waited,
            "best_weights": self.best_weights,
        }
        buffer = io.BytesIO()
        torch.save(parts, buffer)
        return buffer.getvalue()

    def restore(self, blob: bytes, device: torch.device, *, main: bool = True) -> None:
        """Take over the state in `blob` (tensors only: nothing in it is run); sums stay with `main`."""
        saved: dict[str, Any] = torch.load(io.BytesIO(blob), map_location=device, weights_only=True)
        if saved["attachments"] != short_hash(self.attachments):
            rule = f"must belong to the {', '.join(self.attachments)} of this run"
            fix = "delete the run's checkpoints; another version of a library made them"
            raise CorruptDataError("checkpoint", f"step {saved['step']}", rule, fix)
        self.network.load_state_dict(saved["network"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.scaler.load_state_dict(saved["scaler"])
        if self.average:
            self.average.load_state_dict(saved["average"])
        self.step, self.best, self.waited = saved["step"], saved["best"], saved["waited"]
        self.best_weights = saved["best_weights"]
        self.loss = saved["loss"] if main else torch.zeros_like(saved["loss"])


def new_state(
    network: nn.Module, config: TrainingConfig, *, attachments: dict[str, str], half: bool = False
) -> State:
    """A state before the first step; `half` for fp16, whose gradients are scaled."""
    device = next(network.parameters()).device
    average = AveragedModel(network, multi_avg_fn=_ema(config.ema)) if config.ema else None
    return State(
        network=network,
        optimizer=torch.optim.AdamW(_groups(network, config.weight_decay), lr=config.lr, fused=True),
        scaler=torch.amp.GradScaler(device.type, enabled=half),
        attachments=attachments,
        average=average,
        loss=torch.zeros(1, device=device),
    )


def learning_rate(step: int, steps: int, config: TrainingConfig) -> float:
    """The rate at `step` of `steps`: linear warm-up, then a cosine to zero (Loshchilov & Hutter, 2017)."""
    warm = math.ceil(config.warmup * steps)
    if step < warm:
        return config.lr * (step + 1) / warm
    return config.lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Matrices decay; biases and the scales of norms do not."""
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in learnt if p.dim() > 1], "weight_decay": decay},
        {"params": [p for p in learnt if p.dim() <= 1], "weight_decay": 0.0},
    ]


def _ema(decay: float) -> Callable[..., Any]:
    function: Callable[..., Any] = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return function


def _copy(network: nn.Module) -> Weights:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
