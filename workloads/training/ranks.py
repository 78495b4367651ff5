"""The processes that train together: who this one is, and the few collectives that are needed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

# Its functions take the group there is as a default when it is imported, and never let it go; torch
# imports it with the first DDP. Imported before there is a group, its threads can end with the group.
import torch.distributed.nn.functional
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")

TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """This process among `world_size`."""

    rank: int
    world_size: int
    device: torch.device

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

    def wrap(self, model: nn.Module) -> nn.Module:
        """`model` with its gradients averaged over the ranks."""
        return DistributedDataParallel(model, gradient_as_bucket_view=True) if self.world_size > 1 else model


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
    if world_size > 1:
        dist.init_process_group("nccl" if cuda else "gloo", timeout=TIMEOUT)
    try:
        yield Ranks(rank=rank, world_size=world_size, device=device)
        if world_size > 1:
            dist.barrier()  # rank 0 may still register: all leave together
    finally:
        if world_size > 1:
            dist.destroy_process_group()
