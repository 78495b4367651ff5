"""A task without one fold of its records, which is what it is judged on."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Network, Task

_BATCH = 64


@dataclass(frozen=True)
class Fold:
    """A task: `kept` (n,) are learnt, `held` (m,) judged; if it `classifies`, a batch ends with classes."""

    whole: Task
    kept: Tensor
    held: Tensor
    classifies: bool = True

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
        """The loss on the fold, by the same draws each time; of a classifier, whose records are taken as they
        are, without what draws change, also the accuracy.
        """
        right, loss = 0, 0.0
        generator = torch.Generator().manual_seed(0)
        for chosen in torch.split(self.held, _BATCH):
            draws = self.draw(len(chosen), generator)
            batch = self.whole.batch(chosen, torch.zeros_like(draws) if self.classifies else draws)
            if self.classifies:
                right += int((network(*batch[:-1]).argmax(1) == batch[-1]).sum())
            loss += float(self.loss(network, batch)) * len(chosen)
        found = {"loss": loss / len(self.held)}
        return {"accuracy": right / len(self.held), **found} if self.classifies else found

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
