"""Text that comes as it is needed: each shard is cut into blocks for itself, when it is read.

What is left of a shard after its last whole block, fewer tokens than a block has, is not learnt. How many
blocks a shard gives depends on the tokenizer, so all shards are read once before training, each by one rank,
and nothing but these numbers is kept. The held-out shards are read anew at each judgement, by every rank, and
cut as the whole text is: what is measured does not hang on how it was read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import torch
from torch import Tensor

from workloads.command import expect
from workloads.data.splits import json_of
from workloads.data.stream import Source, Stream, lanes_of
from workloads.data.texts import texts_of
from workloads.models.lm.blocks import in_blocks
from workloads.models.lm.config import LMConfig, TextConfig
from workloads.models.lm.task import Language, enough, first
from workloads.models.lm.tokenizer import train_tokenizer
from workloads.models.spec import ModelSpec
from workloads.training.ranks import Ranks


@dataclass(frozen=True)
class HeldOut:
    """The held-out text's blocks, a shard at a time, whenever they are asked for."""

    source: Source
    tokenizer: str
    context: int

    def __iter__(self) -> Iterator[Tensor]:
        """Read them once more."""
        return in_blocks(self.tokenizer, _texts(self.source, "test"), self.context)


def open_stream(spec: ModelSpec, source: Source, ranks: Ranks) -> Language:
    """Text of which nothing is kept but the tokenizer."""
    config, cut, training = expect(LMConfig, spec.config), expect(TextConfig, spec.data), spec.training
    source.counts()  # all its shards are there, and no others
    texts = chain.from_iterable(_texts(source, "train"))
    trained = ranks.share(train_tokenizer(first(texts), config.vocabulary) if ranks.main else "")
    held_out, blocks = HeldOut(source, trained, cut.context), partial(_blocks, trained, cut.context)
    mine = {
        file.name: len(blocks(content, file.name))
        for file, content in source.read(source.shards()[ranks.rank :: ranks.world_size])
    }
    counts = dict(chain.from_iterable(part.items() for part in ranks.gather(mine)))
    lanes = lanes_of(training.batch_size, training.stream_lanes, len(counts))
    stream = Stream(
        source=source,
        counts=counts,
        unpack=blocks,
        seed=training.seed,
        lanes=lanes,
        buffer=training.stream_buffer,
    )
    enough(spec, stream.records, int(any(map(len, held_out))))
    network = spec.build().to(ranks.device)
    none = torch.zeros(0, cut.context + 1, dtype=torch.long, device=ranks.device)
    return Language(network, trained, none, held_out, stream)


def _texts(source: Source, split: str) -> Iterator[list[str]]:
    """A split's texts, shard by shard."""
    for file, content in source.read(source.shards(split)):
        yield _texts_in(content, file.name)


def _texts_in(content: bytes, name: str) -> list[str]:
    return texts_of(json_of(content, name), name)


def _blocks(trained: str, context: int, content: bytes, name: str) -> list[Tensor]:
    """A shard's blocks (context + 1,)."""
    return [block for part in in_blocks(trained, [_texts_in(content, name)], context) for block in part]
