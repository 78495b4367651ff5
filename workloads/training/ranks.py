"""The processes that train together: who this one is, and the few collectives that are needed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist

# Its functions take the group there is as a default when it is imported, and never let it go; torch
# imports it with the first DDP. Imported before there is a group, its threads can end with the group.
import torch.distributed.nn.functional
from torch import Tensor
from torch.distributed import PrefixStore  # type: ignore[attr-defined]
from torch.distributed.rendezvous import rendezvous

T = TypeVar("T")

TIMEOUT = timedelta(minutes=5)


@dataclass
class Groups:
    """Groups beside the first one; emptied at the end, since a group's threads live as long as it is held."""

    saving: dist.ProcessGroup | None = None
    """Over gloo: its messages never mix with the training's."""


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """This process among `world_size`."""

    rank: int
    world_size: int
    device: torch.device
    groups: Groups = field(default_factory=Groups)

    @property
    def saving(self) -> dist.ProcessGroup | None:
        """The group for what goes on beside the training; None for one process alone."""
        return self.groups.saving

    @property
    def main(self) -> bool:
        """Whether this process tells, saves and registers."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """The sum of every rank's `values`, on all of them."""
        if self.world_size > 1:
            dist.all_reduce(values)
        return values

    def any(self, wish: bool) -> bool:
        """Whether any rank has that wish; the same answer on all of them."""
        if self.world_size == 1:
            return wish
        return bool(self.sum(torch.tensor(int(wish), device=self.device)))

    def share(self, value: T) -> T:
        """Rank 0's `value`, on every rank."""
        box = [value]
        if self.world_size > 1:
            dist.broadcast_object_list(box, src=0)
        return box[0]

    def gather(self, value: T) -> list[T]:
        """Every rank's `value`, by rank, on every rank."""
        values = [value] * self.world_size
        if self.world_size > 1:
            dist.all_gather_object(values, value)
        return values


ALONE = Ranks(rank=0, world_size=1, device=torch.device("cpu"))
"""One process on the CPU."""


@contextmanager
def joined() -> Iterator[Ranks]:
    """Join the group that torchrun's environment describes (alone without one); leave it at the end."""
    rank, world_size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", local_rank) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    local_world = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // local_world))
    groups = Groups()
    if world_size > 1:
        dist.init_process_group(
            "nccl" if cuda else "gloo", store=_store(), rank=rank, world_size=world_size, timeout=TIMEOUT
        )
        made = dist.new_group(backend="gloo", timeout=TIMEOUT)
        groups.saving = made if isinstance(made, dist.ProcessGroup) else None
        del made  # the threads of a group that is held do not end
    try:
        yield Ranks(rank=rank, world_size=world_size, device=device, groups=groups)
        if world_size > 1:
            dist.barrier()  # rank 0 may still register: all leave together
    finally:
        groups.saving = None
        if world_size > 1:
            dist.destroy_process_group()


def _store() -> Any:  # noqa: ANN401 - torch does not export its type
    """Where ranks find each other, apart for each start of a job.

    torchrun keeps its store when it starts a job again: a rank could take the address of one that is gone.
    """
    store, _, _ = next(rendezvous("env://", timeout=TIMEOUT))
    return PrefixStore(f"start-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
