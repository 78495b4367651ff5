"""Text that comes as it is needed: each shard is cut into blocks for itself, when it is read.

What is left of a shard after its last whole block, fewer tokens than a block has, is not learnt. How many
blocks a shard gives depends on the tokenizer, so all shards are read once before training, each by one rank,
and nothing but these numbers is kept.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain

import torch
from torch import Tensor

from workloads.command import expect
from workloads.data.shards import unpack
from workloads.data.stream import Source, Stream, lanes_of
from workloads.data.texts import TEST, read_texts, texts_of
from workloads.models.lm.config import LMConfig, TextConfig
from workloads.models.lm.task import Language, enough, first, to_blocks
from workloads.models.lm.tokenizer import train_tokenizer
from workloads.models.spec import ModelSpec
from workloads.training.ranks import Ranks


def open_stream(spec: ModelSpec, source: Source, ranks: Ranks) -> Language:
    """The held-out text in memory, the rest from the stream."""
    config, cut, training = expect(LMConfig, spec.config), expect(TextConfig, spec.data), spec.training
    test = read_texts(source.others(), TEST)
    trained = ranks.share(train_tokenizer(first(_texts(source)), config.vocabulary) if ranks.main else "")
    held_out, covered = to_blocks(trained, test, cut.context)
    blocks = partial(_blocks, trained, cut.context)
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
    enough(spec, stream.records, len(held_out))
    network, none = spec.build().to(ranks.device), torch.zeros(0, cut.context + 1, dtype=torch.long)
    return Language(network, trained, none, held_out.to(ranks.device), covered, stream)


def _texts(source: Source) -> Iterator[str]:
    for file, content in source.read(source.shards()):
        yield from _texts_in(content, file.name)


def _texts_in(content: bytes, name: str) -> list[str]:
    return texts_of((parts.get("json", b"") for _, parts in unpack(content, name)), name)


def _blocks(trained: str, context: int, content: bytes, name: str) -> list[Tensor]:
    """A shard's blocks (context + 1,)."""
    return list(to_blocks(trained, _texts_in(content, name), context)[0])
