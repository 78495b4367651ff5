"""Digits that come as they are needed."""

import torch

from workloads.command import expect
from workloads.data.images import SIDE, read_shard, read_shards
from workloads.data.stream import Source, Stream, lanes_of
from workloads.models.mnist.config import AugmentConfig
from workloads.models.mnist.task import Digits, tensors
from workloads.models.spec import ModelSpec
from workloads.training.ranks import Ranks


def open_stream(spec: ModelSpec, source: Source, ranks: Ranks) -> Digits:
    """The held-out digits in memory, the rest from the stream."""
    training = spec.training
    counts = source.counts()
    stream = Stream(
        source=source,
        counts=counts,
        unpack=read_shard,
        seed=training.seed,
        lanes=lanes_of(training.batch_size, training.stream_lanes, len(source.shards())),
        buffer=training.stream_buffer,
    )
    network, augment = spec.build().to(ranks.device), expect(AugmentConfig, spec.data)
    left = ((file.name, content) for file, content in source.read(source.shards("test")))
    held_out = tensors(read_shards(left, counts), ranks.device)
    none = torch.zeros(0, SIDE, SIDE), torch.zeros(0, dtype=torch.long)
    return Digits(network, augment, *none, *held_out, stream)
