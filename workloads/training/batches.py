"""Batches: shuffled, prepared, divided among ranks and into parts.

All randomness is a function of (seed, epoch, step) over the whole batch, of which a rank takes its
share. So any number of ranks sees the same records with the same draws, and a resumed run the same as
an unbroken one, with no generator's state to save.
"""

from collections.abc import Iterator

import torch

from workloads.training.config import TrainingConfig
from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Streamed, Task


def steps_per_epoch(records: int, config: TrainingConfig) -> int:
    """Whole batches in an epoch; the order differs by epoch, so each record has its turn."""
    return records // config.batch_size


def batches(
    task: Task,
    config: TrainingConfig,
    epoch: int,
    ranks: Ranks,
    *,
    start: int = 0,
    secret: torch.Generator | None = None,
) -> Iterator[list[Batch]]:
    """This rank's share of each step of an epoch from step `start`, in `config.accumulate` parts.

    With `secret` each record is in a batch with the same chance, drawn from that: no part where none is.
    """
    if secret is not None:
        for _ in range(start, steps_per_epoch(task.records, config)):
            drawn = sample(task.records, config.batch_size / task.records, secret)
            yield [task.batch(drawn, task.draw(len(drawn), secret))] if len(drawn) else []
        return
    places = positions(config.batch_size, config, ranks)
    draws = _draws(task, config, epoch, start)
    if isinstance(task, Streamed) and task.stream:
        mine, each = torch.cat(places).tolist(), len(places[0])
        for taken, drawn in zip(
            task.stream.batches(epoch, config.batch_size, mine, start=start), draws, strict=True
        ):
            shares = [taken[at : at + each] for at in range(0, len(taken), each)]
            yield [task.made(share, drawn[part]) for share, part in zip(shares, places, strict=True)]
        return
    order = torch.randperm(task.records, generator=_generator(config.seed, epoch, 0))
    for step, drawn in enumerate(draws, start):
        chosen = order[step * config.batch_size : (step + 1) * config.batch_size]
        yield [task.batch(chosen[part], drawn[part]) for part in places]


def _draws(task: Task, config: TrainingConfig, epoch: int, start: int) -> Iterator[torch.Tensor]:
    """What each step's whole batch draws, from step `start` of an epoch."""
    for step in range(start, steps_per_epoch(task.records, config)):
        yield task.draw(config.batch_size, _generator(config.seed, epoch, step + 1))


def positions(records: int, config: TrainingConfig, ranks: Ranks) -> tuple[torch.Tensor, ...]:
    """Which records of a batch of so many are this rank's, by part."""
    return torch.arange(ranks.rank, records, ranks.world_size).chunk(config.accumulate)


def sample(records: int, rate: float, secret: torch.Generator) -> torch.Tensor:
    """Poisson sampling: a batch (n,) has each record with the same chance; n differs, and may be 0."""
    return (torch.rand(records, generator=secret) < rate).nonzero().flatten()


def mixed(seed: int, epoch: int, step: int) -> int:
    """A seed for a step, by a multiplier of 64 bits: neighbouring seeds would give related streams."""
    return (((seed * 1_000_003 + epoch) * 1_000_003 + step) * 0x9E3779B97F4A7C15) % 2**63


def seed(value: int, device: torch.device) -> None:
    """Seed what draws on a device and on the CPU, as `torch.manual_seed` does.

    That one looks after every other kind of device too and takes three stack traces for it, at each step.
    """
    torch.default_generator.manual_seed(value)
    if device.type == "cuda":
        torch.cuda.manual_seed(value)


def _generator(seed: int, epoch: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(mixed(seed, epoch, step))
