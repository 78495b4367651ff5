"""A task without one fold of its records, which is what it is judged on."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Network, Task

_BATCH = 64


@dataclass(frozen=True)
class Fold:
    """A classifier's task: `kept` (n,) are learnt, `held` (m,) judged; batches end with the classes."""

    whole: Task
    kept: Tensor
    held: Tensor

    @property
    def network(self) -> nn.Module:
        """The whole task's."""
        return self.whole.network

    @property
    def records(self) -> int:
        """Those that are learnt."""
        return len(self.kept)

    @property
    def unit(self) -> str:
        """The whole task's."""
        return self.whole.unit

    @property
    def units_per_record(self) -> int:
        """The whole task's."""
        return self.whole.units_per_record

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """The whole task's."""
        return self.whole.draw(n, generator)

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """Of the records that are learnt."""
        return self.whole.batch(self.kept[chosen], draws)

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """The whole task's."""
        return self.whole.loss(network, batch)

    @torch.inference_mode()
    def judge(self, network: nn.Module, ranks: Ranks) -> dict[str, float]:
        """Accuracy and loss on the fold, its records as they are: without what draws change."""
        right, loss = 0, 0.0
        for chosen in torch.split(self.held, _BATCH):
            still = torch.zeros_like(self.draw(len(chosen), torch.Generator().manual_seed(0)))
            batch = self.whole.batch(chosen, still)
            right += int((network(*batch[:-1]).argmax(1) == batch[-1]).sum())
            loss += float(self.loss(network, batch)) * len(chosen)
        return {"accuracy": right / len(self.held), "loss": loss / len(self.held)}

    def attachments(self) -> dict[str, str]:
        """The whole task's."""
        return self.whole.attachments()


def divide(records: int, folds: int, seed: int) -> list[tuple[Tensor, Tensor]]:
    """For each fold the records that are kept and those that are held: each is held once."""
    order = torch.randperm(records, generator=torch.Generator().manual_seed(seed))
    parts = order.tensor_split(folds)
    return [
        (torch.cat([part for at, part in enumerate(parts) if at != fold]), parts[fold])
        for fold in range(folds)
    ]
