"""What a model brings to the training loop, which knows nothing else of it."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from workloads.data.stream import Stream
from workloads.training.ranks import Ranks

Batch = tuple[Tensor, ...]

Network = Callable[..., Any]
"""The network as the loop wraps it: it is called, and nothing else."""


class Task(Protocol):
    """Data in memory, a network, a loss and a judgement."""

    @property
    def network(self) -> nn.Module:
        """What is trained."""
        ...

    @property
    def records(self) -> int:
        """How many records there are to learn from."""
        ...

    @property
    def unit(self) -> str:
        """What progress is counted in: samples, tokens."""
        ...

    @property
    def units_per_record(self) -> int:
        """How many of them a record is."""
        ...

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """All random numbers that `n` records need, a row for each."""
        ...

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """The records with indices `chosen` (n,), prepared by their draws, on the network's device.

        The last tensor has a row for each.
        """
        ...

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """The mean loss a record; equal shares of a batch weigh the same."""
        ...

    def judge(self, network: nn.Module, ranks: Ranks) -> dict[str, float]:
        """Metrics on the held-out data, the same on every rank; `network` is in evaluation mode."""
        ...

    def attachments(self) -> dict[str, str]:
        """Texts without which the weights are of no use, by name: a tokenizer, a table of names."""
        ...


@runtime_checkable
class Streamed(Protocol):
    """A task whose training records may come from a stream, in place of being chosen by their indices."""

    @property
    def stream(self) -> Stream[Any] | None:
        """Where they come from; None: they are in memory."""
        ...

    def made(self, records: Sequence[Any], draws: Tensor) -> Batch:
        """As `Task.batch`, of records of the stream."""
        ...
