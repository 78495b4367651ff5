"""How long a training waits for a checkpoint: ours, to S3 in the background, and torch.save to a disk.

Ours is copied while the training waits and goes to the emulated AWS after that; torch.save writes the same
tensors to a file of this machine's, through the page cache. What ours takes in the background is not in it.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import torch

from benchmarks.training.timing import Pair, Took, timed
from datahall.sandbox.aws import control
from workloads.models.table import MODELS
from workloads.objects import Bucket, connect
from workloads.site import load_site
from workloads.training.checkpoints import Checkpoints
from workloads.training.ranks import ALONE
from workloads.training.state import State, new_state


def run(rounds: int) -> list[Pair]:
    """The state of `mnist` and that of `lm`."""
    with tempfile.TemporaryDirectory() as folder, _bucket(Path(folder)) as bucket:
        return [_stall(name, rounds, bucket, Path(folder)) for name in ("mnist", "lm")]


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


@contextmanager
def _bucket(folder: Path) -> Iterator[Bucket]:
    server = control.start(folder / "aws")
    os.environ.update(control.environment(server.url))
    try:
        session = boto3.Session(region_name="us-west-2")
        key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
        names = {f"{kind}_bucket": f"{kind}-bench" for kind in ("data", "checkpoint", "registry")}
        for name in names.values():
            session.client("s3").create_bucket(
                Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
            )
        site = folder / "site.json"
        site.write_text(json.dumps({**names, "data_key_arn": key, "region": "us-west-2"}))
        yield connect(load_site(site)).checkpoints
    finally:
        control.stop(folder / "aws")
