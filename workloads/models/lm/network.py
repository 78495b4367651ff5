"""The network: RMSNorm, rotary positions, grouped-query attention by SDPA, SwiGLU (Touvron et al., 2023)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear, scaled_dot_product_attention, silu
from torch.utils.checkpoint import checkpoint

from workloads.models.lm.config import LMConfig
from workloads.models.lm.past import Past

_SPREAD = 0.02


class Transformer(nn.Module):
    """Tokens (n, t) -> logits (n, t, vocabulary); the output layer is the embedding."""

    def __init__(self, config: LMConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Parameter(torch.randn(config.vocabulary, config.dim) * _SPREAD)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of each next token."""
        x = embedding(tokens, self.tokens)
        turns = rotations(tokens.shape[1], self.config, x.device)
        for block in self.blocks:
            again = self.config.recompute and self.training
            x = checkpoint(block, x, turns, use_reentrant=False) if again else block(x, turns)
        return linear(self.norm(x), self.tokens)

    def after(self, tokens: Tensor, pasts: Sequence[Past]) -> Tensor:
        """Logits (n, vocabulary) of what comes after `tokens` (n, t), by which each block's past grows."""
        x = embedding(tokens, self.tokens)
        turns = rotations(tokens.shape[1], self.config, x.device, begin=pasts[0].tokens)
        for block, past in zip(self.blocks, pasts, strict=True):
            x = block(x, turns, past)
        return linear(self.norm(x[:, -1]), self.tokens)


class Block(nn.Module):
    """Attention, then a feed-forward layer, each on the normed stream and added to it."""

    def __init__(self, config: LMConfig) -> None:
        super().__init__()
        self.config = config
        queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.attention_norm, self.feed_norm = nn.RMSNorm(config.dim), nn.RMSNorm(config.dim)
        self.attend = nn.Linear(config.dim, queries + 2 * keys, bias=False)
        self.gather = nn.Linear(queries, config.dim, bias=False)
        self.up = nn.Linear(config.dim, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.dim, bias=False)
        for layer in (self.attend, self.gather, self.up, self.down):
            nn.init.normal_(layer.weight, std=_SPREAD)
        for layer in (self.gather, self.down):  # the stream's variance stays the same at any depth
            nn.init.normal_(layer.weight, std=_SPREAD / (2 * config.layers) ** 0.5)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], past: Past | None = None) -> Tensor:
        """The stream (n, t, dim) after this block; it sees `past` too, which grows by it."""
        x = x + self._attention(self.attention_norm(x), turns, past)
        gate, value = self.up(self.feed_norm(x)).chunk(2, dim=-1)
        out: Tensor = x + self.down(silu(gate) * value)
        return out

    def _attention(self, x: Tensor, turns: tuple[Tensor, Tensor], past: Past | None) -> Tensor:
        c, (n, t, _) = self.config, x.shape
        heads = self.attend(x).view(n, t, c.heads + 2 * c.kv_heads, c.head_dim).transpose(1, 2)
        turned, values = heads.split([c.heads + c.kv_heads, c.kv_heads], dim=1)
        queries, keys = torch.split(rotate(turned, turns), [c.heads, c.kv_heads], dim=1)
        if past is not None:
            keys, values = past.extend(keys, values)
        mixed = scaled_dot_product_attention(
            queries,
            keys,
            values,
            is_causal=past is None or t > 1,  # one token sees all before it
            enable_gqa=c.heads != c.kv_heads,
        )
        out: Tensor = self.gather(mixed.transpose(1, 2).reshape(n, t, -1))
        return out


def rotations(length: int, config: LMConfig, device: torch.device, begin: int = 0) -> tuple[Tensor, Tensor]:
    """Cosines and sines (length, head_dim) of the rotary positions from `begin` on (Su et al., 2021).

    A head's first half holds the first number of each pair, its second half the second; a pair's sines
    differ in their sign.
    """
    half = torch.arange(0, config.head_dim, 2, device=device, dtype=torch.float32) / config.head_dim
    positions = torch.arange(begin, begin + length, device=device, dtype=torch.float32)
    angles = torch.outer(positions, config.rope_base**-half)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], dim=-1), torch.cat([-sin, sin], dim=-1)


def rotate(heads: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """Each pair of numbers of heads (n, h, t, d), turned by its position's angle.

    In as few operations as can be: at a small size each costs more than what it computes.
    """
    (cos, sin), x = turns, heads.float()
    first, second = x.chunk(2, dim=-1)
    return torch.addcmul(x * cos, torch.cat([second, first], dim=-1), sin).type_as(heads)
