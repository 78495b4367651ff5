"""Text as blocks of tokens, next-token cross entropy, perplexity."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from workloads.command import expect
from workloads.data.stream import Stream
from workloads.data.texts import TEST, TRAIN, read_texts
from workloads.errors import InvalidInputError
from workloads.models.lm.blocks import in_blocks
from workloads.models.lm.config import LMConfig, TextConfig
from workloads.models.lm.tokenizer import byte_lengths, train_tokenizer
from workloads.models.spec import ModelSpec
from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Network

_BATCH = 16
_TOKENIZER_BYTES = 64 * 10**6


@dataclass(frozen=True)
class Language:
    """Blocks (n, context + 1) of tokens: the last is only predicted, the first only read.

    Those that are held out come in parts, at each judgement anew.
    """

    network: nn.Module
    tokenizer: str
    blocks: Tensor
    held_out: Iterable[Tensor]
    stream: Stream[Tensor] | None = None
    unit = "tokens"

    @property
    def records(self) -> int:
        """How many blocks there are to learn from."""
        return self.stream.records if self.stream else len(self.blocks)

    @property
    def units_per_record(self) -> int:
        """Tokens that a block has predicted."""
        return self.blocks.shape[1] - 1

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """No random numbers."""
        return torch.zeros(n, 0)

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """The chosen blocks."""
        return (self.blocks[chosen.to(self.blocks.device)],)

    def made(self, records: Sequence[Tensor], draws: Tensor) -> Batch:
        """Blocks of the stream."""
        return (torch.stack(list(records)).to(self.blocks.device),)

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Cross entropy of each next token, averaged over all."""
        (blocks,) = batch
        return cross_entropy(network(blocks[:, :-1]).flatten(0, 1).float(), blocks[:, 1:].flatten())

    @torch.inference_mode()
    def judge(self, network: nn.Module, ranks: Ranks) -> dict[str, float]:
        """Perplexity a token, and bits a byte, which do not depend on the tokenizer alone."""
        device, lengths = self.blocks.device, byte_lengths(self.tokenizer)
        summed = torch.zeros(1, dtype=torch.float64, device=device)
        records = tokens = covered = 0
        for part in self.held_out:
            mine = part[(ranks.rank - records) % ranks.world_size :: ranks.world_size]
            for blocks in torch.split(mine.to(device), _BATCH):
                summed += self.loss(network, (blocks,)).double() * blocks[:, 1:].numel()
            predicted = part[:, 1:].cpu()
            records, tokens = records + len(part), tokens + predicted.numel()
            covered += int(lengths[predicted].sum())
        nats = float(ranks.sum(summed)) / tokens
        bits = nats * tokens / math.log(2) / covered
        return {
            "loss": round(nats, 6),
            "perplexity": round(math.exp(min(nats, 50)), 4),
            "bits_per_byte": round(bits, 4),
            "records": records,
        }

    def attachments(self) -> dict[str, str]:
        """The tokenizer."""
        return {"tokenizer.json": self.tokenizer}


def open_language(spec: ModelSpec, files: Mapping[str, bytes], ranks: Ranks) -> Language:
    """The text as tokens of a tokenizer that rank 0 trains on it."""
    config, cut = expect(LMConfig, spec.config), expect(TextConfig, spec.data)
    train, test = read_texts(files, TRAIN), read_texts(files, TEST)
    trained = ranks.share(train_tokenizer(first(train), config.vocabulary) if ranks.main else "")
    blocks, held_out = (torch.cat(list(in_blocks(trained, [part], cut.context))) for part in (train, test))
    enough(spec, len(blocks), len(held_out))
    network = spec.build().to(ranks.device)
    return Language(network, trained, blocks.to(ranks.device), (held_out.to(ranks.device),))


def first(texts: Iterable[str]) -> Iterator[str]:
    """The texts that the tokenizer is trained on: from the first on, to the one that makes 64 MB full."""
    left = _TOKENIZER_BYTES
    for text in texts:
        yield text
        left -= len(text.encode())
        if left <= 0:
            return


def enough(spec: ModelSpec, learnt: int, held_out: int) -> None:
    """Raise InvalidInputError where there are too few blocks for a batch, or none to judge by."""
    batch, context = spec.training.batch_size, expect(TextConfig, spec.data).context
    for field, value, found, least in (
        ("--batch-size", batch, learnt, batch),
        ("--data-context", context, held_out, 1),
    ):
        if found < least:
            rule, fix = f"must leave at least {least} blocks; the text gives {found}", "lower it"
            raise InvalidInputError(field, value, rule, fix)
