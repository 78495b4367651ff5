"""What changes while a model is trained."""

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

    def tensors(self) -> Weights:
        """Every tensor of a checkpoint by name, the live ones: they can be read, and filled in place."""
        parts = {"network": self.network.state_dict(), "best": self.best_weights or {}}
        if self.average:
            parts["average"] = self.average.state_dict()
        found = {f"{part}.{name}": tensor for part, named in parts.items() for name, tensor in named.items()}
        for name, parameter in self.network.named_parameters():
            moments: Weights = self.optimizer.state.get(parameter, {})
            found |= {f"optimizer.{name}.{moment}": tensor for moment, tensor in moments.items()}
        return found

    def facts(self, losses: list[float]) -> dict[str, Any]:
        """The rest of a checkpoint, as JSON has it; `losses` are the epoch's sums, by rank."""
        return {
            "attachments": short_hash(self.attachments),
            "step": self.step,
            "losses": losses,
            "best": self.best,
            "waited": self.waited,
            "scaler": self.scaler.state_dict(),
        }

    def take(self, facts: dict[str, Any], rank: int, world_size: int) -> None:
        """Take over a checkpoint's facts, and make room for its tensors.

        Each rank has its own loss again, or, of another number of ranks, the first one what gives their mean.
        """
        if facts["attachments"] != short_hash(self.attachments):
            rule = f"must belong to the {', '.join(self.attachments)} of this run"
            fix = "delete the run's checkpoints; another version of a library made them"
            raise CorruptDataError("checkpoint", f"step {facts['step']}", rule, fix)
        self.scaler.load_state_dict(facts["scaler"])
        self.step, self.best, self.waited = facts["step"], facts["best"], facts["waited"]
        self.best_weights = None if self.best is None else _copy(self.judged)
        losses = facts["losses"]
        if len(losses) != world_size:
            losses = [sum(losses) / len(losses) * world_size] + [0.0] * (world_size - 1)
        self.loss.fill_(losses[rank])


def new_state(
    network: nn.Module, config: TrainingConfig, *, attachments: dict[str, str], half: bool = False
) -> State:
    """A state before the first step; `half` for fp16, whose gradients are scaled."""
    device = next(network.parameters()).device
    average = AveragedModel(network, multi_avg_fn=_ema(config.ema)) if config.ema else None
    optimizer = torch.optim.AdamW(_groups(network, config.weight_decay), lr=config.lr, fused=True)
    for group in optimizer.param_groups:
        for parameter in group["params"]:  # as its first step would, so that a checkpoint can fill them
            moments = {"exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter)}
            optimizer.state[parameter] = {"step": torch.zeros((), device=device), **moments}
    return State(
        network=network,
        optimizer=optimizer,
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
