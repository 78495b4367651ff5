"""Dropout by record: rates, and the same masks whatever divides, pads or computes again."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint

from tests.workloads.toy import TINY, configured
from workloads.errors import InvalidInputError
from workloads.models.table import MODELS
from workloads.training.config import TrainingConfig
from workloads.training.dropout import Drops, again, kept
from workloads.training.ranks import ALONE, Ranks
from workloads.training.refusals import refuse
from workloads.training.task import Batch

KEYS = st.integers(0, 2**64 - 1)


@given(KEYS, st.floats(0.01, 0.99), st.sampled_from([(40_000,), (50, 800), (20, 40, 50), (10, 4, 30, 33)]))
@settings(max_examples=40, deadline=None)
def test_each_element_stays_with_its_chance(key: int, p: float, shape: tuple[int, ...]) -> None:
    stays = kept(key, torch.arange(shape[0]), shape, p).double()
    spread = math.sqrt(p * (1 - p) / stays.numel())
    assert abs(float(stays.mean()) - (1 - p)) < 6 * spread
    if len(shape) > 1:  # neighbours know nothing of each other
        for one, other in ((stays[1:], stays[:-1]), (stays[..., 1:], stays[..., :-1])):
            both = float((one * other).mean())
            assert abs(both - (1 - p) ** 2) < 6 * math.sqrt(2 / one.numel())


@given(KEYS, st.integers(0, 62))
@settings(max_examples=25, deadline=None)
def test_keys_that_differ_in_a_bit_share_nothing(key: int, bit: int) -> None:
    shape = (20, 10, 64)
    one, other = (kept(each, torch.arange(20), shape, 0.5) for each in (key, key ^ (1 << bit)))
    assert abs(float((one == other).double().mean()) - 0.5) < 6 * 0.5 / math.sqrt(one.numel())


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_a_record_has_its_mask_beside_others_and_however_it_is_padded(p: float) -> None:
    whole, some = torch.arange(8), torch.tensor([6, 2])
    assert torch.equal(kept(5, some, (2, 7, 16), p), kept(5, whole, (8, 12, 16), p)[some, :7])
    assert torch.equal(kept(5, some, (2, 3, 7, 7), p), kept(5, whole, (8, 3, 12, 12), p)[some, :, :7, :7])


class Reader(nn.Module):
    """A layer of attention with dropout in its weights, before it and after it."""

    def __init__(self, again: bool = False) -> None:
        super().__init__()
        self.again = again
        self.words = nn.Embedding(20, 8)
        self.turn, self.out = nn.Linear(8, 24), nn.Linear(8, 3)
        self.before, self.after = nn.Dropout(0.3), nn.Dropout(0.2)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        x = self.before(self.words(tokens))
        twice: dict[str, Any] = {"use_reentrant": False, "context_fn": again}
        x = checkpoint(self.mix, x, mask, **twice) if self.again else self.mix(x, mask)
        out: Tensor = (self.out(x) * mask[..., None]).sum(1)
        return out

    def mix(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in self.turn(x).chunk(3, -1))
        wide = scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None].bool(), dropout_p=0.4)
        mixed: Tensor = self.after(wide.transpose(1, 2).flatten(2))
        return mixed


def gradient(network: nn.Module, batches: list[Batch], config: TrainingConfig, ranks: Ranks) -> Tensor:
    """What one rank's share of a batch gives, its parts averaged."""
    drops = Drops(network, config, ranks)
    drops.begin(2, 7)
    network.zero_grad()
    for number, batch in enumerate(batches):
        with drops.of(number, batch):
            said = network(*batch[:-1])
            loss = said[: len(batch[-1])].pow(2).sum(1) / len(batch[-1]) / len(batches)
            torch.autograd.backward(loss.sum())
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def texts(chosen: list[int], *, length: int) -> Batch:
    """Eight texts of 3 to 6 words, those `chosen` padded to a length."""
    drawn = torch.randint(20, (8, 6), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(6) < 3 + torch.arange(8)[:, None] % 4
    tokens = torch.zeros(len(chosen), length, dtype=torch.long)
    masks = torch.zeros(len(chosen), length)
    tokens[:, :6], masks[:, :6] = drawn[chosen], mask[chosen].float()
    return tokens, masks, torch.zeros(len(chosen))


@pytest.fixture
def reader() -> Reader:
    torch.manual_seed(0)
    return Reader()


@pytest.mark.parametrize("again", [False, True], ids=["kept", "computed twice"])
def test_ranks_parts_and_paddings_give_the_same_gradient(reader: Reader, again: bool) -> None:
    config = configured(batch_size=8, deterministic=True).training
    whole = gradient(reader, [texts(list(range(8)), length=6)], config, ALONE)
    other = gradient(reader, [texts(list(range(8)), length=6)], config.model_copy(update={"seed": 2}), ALONE)
    assert not torch.allclose(whole, other, atol=1e-2)
    reader.again = again
    parted = config.model_copy(update={"accumulate": 2})
    ranks = [replace(ALONE, rank=rank, world_size=2) for rank in (0, 1)]
    shares = [
        gradient(reader, [texts([r, r + 2], length=7), texts([r + 4, r + 6], length=9)], parted, ranks[r])
        for r in (0, 1)
    ]
    torch.testing.assert_close(torch.stack(shares).mean(0), whole)


def test_rows_after_the_records_are_the_same_on_every_rank(reader: Reader) -> None:
    config = configured(batch_size=4, deterministic=True).training
    answers = texts([6, 7], length=6)

    def said(rank: int, world_size: int) -> Tensor:
        mine = texts(list(range(rank, 4, world_size)), length=6)
        batch = (torch.cat([mine[0], answers[0]]), torch.cat([mine[1], answers[1]]), mine[2])
        drops = Drops(reader, config, replace(ALONE, rank=rank, world_size=world_size))
        drops.begin(0, 0)
        with drops.of(0, batch):
            out: Tensor = reader(*batch[:-1])[-2:]
        return out

    torch.testing.assert_close(said(0, 2), said(1, 2))
    torch.testing.assert_close(said(0, 1), said(1, 2))


class Odd(nn.Module):
    """Draws otherwise."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.weight = how, nn.Parameter(torch.ones(1))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        if self.how == "flat":
            return nn.functional.dropout((mask * self.weight).flatten(), 0.5)[: len(tokens), None]
        if self.how == "channels":
            return nn.functional.dropout1d((mask * self.weight)[:, None], 0.5).flatten(1)
        return torch.rand_like(mask) * self.weight


@pytest.mark.parametrize(
    ("how", "rule"), [("flat", "dropout of"), ("channels", "bernoulli"), ("noise", "rand_like")]
)
def test_what_is_no_dropout_of_records_is_refused(how: str, rule: str) -> None:
    config = configured(batch_size=8, deterministic=True).training
    with pytest.raises(InvalidInputError, match=rule):
        gradient(Odd(how), [texts(list(range(8)), length=6)], config, ALONE)


def test_it_does_not_go_with_what_is_compiled() -> None:
    for model, said in ((MODELS["sentiment"], True), (TINY, False)):
        changed: dict[str, Any] = {"deterministic": True, "compile": "on"}
        asked = replace(model, training=model.training.model_copy(update=changed))
        if said:
            with pytest.raises(InvalidInputError, match="which has dropout"):
                refuse(asked, 1000, 1)
        else:
            refuse(asked, 1000, 1)
