"""Whether a training learnt at all: a loss may be a number and yet say that all was lost."""

import torch
from torch import Tensor

from workloads.errors import DivergedError
from workloads.models.spec import ModelSpec
from workloads.training.batches import batches
from workloads.training.parallel import whole
from workloads.training.ranks import Ranks
from workloads.training.state import State
from workloads.training.task import Task

MOST = 3.0
"""Times the loss of chance: what is right has then, among n choices, a chance of n^-3.

One that only failed, or that noise spoilt, was seen to end at 0.9 to 1.0, one that exploded at 5 and more.
"""


@torch.no_grad()
def check_learnt(state: State, task: Task, spec: ModelSpec, ranks: Ranks) -> None:
    """Raise DivergedError where the weights that are judged have a loss above three times that of chance.

    Each model's loss is a cross entropy, so whoever scores all choices alike has -ln(1 / choices), as a
    network before it learns (Karpathy, A recipe for training neural networks, 2019). Both are looked at on
    the first batch of training data, without dropout; every rank calls it, and raises or not as the others.
    """
    network = whole(state.judged, spec)
    said: list[Tensor] = []

    def watched(*given: Tensor) -> Tensor:
        answer: Tensor = network(*given)
        said.append(answer)
        return answer

    found = torch.zeros(2, dtype=torch.float64, device=ranks.device)
    network.eval()
    parts = next(batches(task, spec.training, 0, ranks))
    for batch in parts:
        loss = task.loss(watched, batch)
        chance = task.loss(lambda *_: torch.zeros_like(said[-1]), batch)
        found += torch.stack([loss, chance]).double()
    network.train()
    loss, chance = (ranks.sum(found) / (len(parts) * ranks.world_size)).tolist()
    if not loss <= MOST * chance:
        rule = f"must be at most {MOST:g} times that of chance, {chance:.3g} (step {state.step})"
        fix = "lower --lr, give --clip 1, and look at the data"
        raise DivergedError("loss", f"{loss:.4g}", rule, fix)
