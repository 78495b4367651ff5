"""Tokens a second: our loop with our transformer, and a plain loop with a plain GPT of the same size.

Theirs in nanoGPT's manner: learned positions, LayerNorm, GELU, one product for queries, keys and values,
SDPA, tied embedding, AdamW, clipping, the loss read at every step.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, scaled_dot_product_attention

from benchmarks.training.ours import configured, learn
from benchmarks.training.timing import Pair, in_turn
from workloads.data import texts
from workloads.models.lm.config import LMConfig
from workloads.models.lm.task import Language
from workloads.models.table import MODELS
from workloads.training.batches import steps_per_epoch
from workloads.training.ranks import ALONE

_STEPS = 150


class _Block(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.first, self.second = heads, nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attend, self.gather = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.feed = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        n, t, dim = x.shape
        parts = self.attend(self.first(x)).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
        x = x + self.gather(mixed.transpose(1, 2).reshape(n, t, dim))
        out: Tensor = x + self.feed(self.second(x))
        return out


class _Plain(nn.Module):
    def __init__(self, config: LMConfig, context: int) -> None:
        super().__init__()
        self.tokens, self.places = (
            nn.Embedding(config.vocabulary, config.dim),
            nn.Embedding(context, config.dim),
        )
        self.blocks = nn.Sequential(*(_Block(config.dim, config.heads) for _ in range(config.layers)))
        self.norm = nn.LayerNorm(config.dim)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1]))
        return linear(self.norm(self.blocks(x)), self.tokens.weight)


def run(rounds: int) -> list[Pair]:
    """Equal width, layers, vocabulary, batch and context (`--smoke`'s), in fp32; the parameters are told."""
    spec = MODELS["lm"].smaller()
    task = spec.open(texts.reference().files, ALONE)
    assert isinstance(task, Language)
    config = spec.config
    assert isinstance(config, LMConfig)
    plain = _Plain(config, task.units_per_record)
    batch = spec.training.batch_size
    some = task.blocks[: batch * _STEPS]
    short = Language(task.network, task.tokenizer, some, [part[:1] for part in task.held_out])
    once = configured(spec, epochs=1)
    assert steps_per_epoch(short.records, once.training) == _STEPS

    def theirs() -> None:
        optimizer = torch.optim.AdamW(plain.parameters(), lr=2e-3, weight_decay=0.1)
        order = torch.randperm(len(some))
        for at in range(0, len(some), batch):
            blocks = some[order[at : at + batch]]
            loss = cross_entropy(plain(blocks[:, :-1]).flatten(0, 1), blocks[:, 1:].flatten())
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
            optimizer.step()
            loss.item()

    sizes = [sum(p.numel() for p in network.parameters()) / 1e6 for network in (task.network, plain)]
    what = f"lm: {sizes[0]:.1f} M against {sizes[1]:.1f} M parameters"
    tokens = len(some) * task.units_per_record
    return [in_turn(what, "tokens/s", rounds, ours=lambda: learn(once, short), theirs=theirs, per=tokens)]
