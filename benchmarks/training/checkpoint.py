"""How long a training waits for a checkpoint: ours, to S3 in the background, and torch.save to a disk.

Ours is copied while the training waits and goes to the emulated AWS after that; torch.save writes the same
tensors to a file of this machine's, through the page cache. What ours takes in the background is not in it.
"""

import tempfile
from pathlib import Path

import torch

from benchmarks.training.emulated import emulated
from benchmarks.training.timing import Pair, Took, timed
from workloads.models.table import MODELS
from workloads.objects import Bucket
from workloads.training.checkpoints import Checkpoints
from workloads.training.ranks import ALONE
from workloads.training.state import State, new_state


def run(rounds: int) -> list[Pair]:
    """The state of `mnist` and that of `lm`."""
    with tempfile.TemporaryDirectory() as folder, emulated(Path(folder)) as buckets:
        return [_stall(name, rounds, buckets.checkpoints, Path(folder)) for name in ("mnist", "lm")]


def _stall(name: str, rounds: int, bucket: Bucket, folder: Path) -> Pair:
    spec = MODELS[name]
    state: State = new_state(spec.build(), spec.training, attachments={})
    checkpoints = Checkpoints(bucket=bucket, model=name, run="bench", ranks=ALONE)
    size = sum(tensor.nbytes for tensor in state.tensors().values()) / 1e6
    ours, theirs = [], []
    for number in range(rounds):
        state.step = number
        ours.append(timed(lambda: checkpoints.save(state)))
        checkpoints.settle(to_the_end=True)
        theirs.append(timed(lambda: torch.save(state.tensors(), folder / "state.pt")))
    middle = rounds // 2
    mine, other = (
        Took(sorted(one.wall for one in took)[middle], sorted(one.cpu for one in took)[middle])
        for took in (ours, theirs)
    )
    return Pair(f"checkpoint: {name}, {size:,.0f} MB, seconds waited", "seconds", mine, other)
