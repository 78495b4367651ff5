"""Dropout: of each rank's own, or, with `--deterministic`, of each record's, whichever rank computes it.

A rank's random numbers depend on how many ranks there are. With `--deterministic` an element is kept by a
hash of (seed, epoch, step, layer, record, place in the record), so that any division of a batch among ranks
and parts, any padding at a text's end and what is computed twice (activation checkpointing) have the same
masks.

The key of a layer's record is mixed as splitmix64 does (Steele et al., 2014), and then with the index in each
of the record's dimensions but the last. Along that, number c of a row with key (a, b) of 32 bits each is
a + (b | 1) c, whose 32 bits are mixed by the steps of murmur3's finaliser with the multipliers of lowbias32
(C. Wellons); it is kept where that is at or above p 2^32. These are no cryptographic numbers.

What it takes: attention with dropout is computed by its formula, not by a fused kernel, so its weights
(n, heads, t, t) are held. A layer that one pass calls several times has one mask. Rows of a batch after
the records', such as a chat bot's answers, are taken to be the same on every rank. A network that draws in
another way is refused in its first step.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.nn import functional
from torch.overrides import TorchFunctionMode, _get_current_function_mode
from torch.utils._python_dispatch import TorchDispatchMode

from workloads.errors import InvalidInputError
from workloads.training.batches import mixed, positions, seed
from workloads.training.config import TrainingConfig
from workloads.training.ranks import Ranks
from workloads.training.task import Batch

_GOLDEN = 0x9E3779B97F4A7C15
_64 = 2**64 - 1
_SHARED = 2**40
"""Where the numbers of rows begin that every rank has."""


class Drops:
    """The dropout of a training. Every rank calls the same methods in the same order."""

    def __init__(self, network: nn.Module, config: TrainingConfig, ranks: Ranks) -> None:
        self._config, self._ranks = config, ranks
        self._modules = list(network.modules())
        self._places = positions(config.batch_size, config, ranks)
        self._key = 0
        self._looked = config.compile == "on"  # nothing looks into what is compiled

    def begin(self, epoch: int, step: int) -> None:
        """Before a step: what is drawn in it follows from it."""
        self._key = mixed(self._config.seed, epoch, step)
        seed(self._key + self._ranks.rank, self._ranks.device)

    @contextmanager
    def of(self, part: int, batch: Batch) -> Iterator[None]:
        """What is computed within, forwards and backwards, is part number `part` of this rank's share.

        Raises InvalidInputError where a network draws what is no dropout of records.
        """
        if not self._config.deterministic:
            yield
            return
        shared = torch.arange(len(batch[0]) - len(batch[-1])) + _SHARED
        masks = Masks(self._key, torch.cat([self._places[part], shared]).to(self._ranks.device))
        with ExitStack() as stack:
            for number, module in enumerate(self._modules):
                stack.callback(module.register_forward_pre_hook(masks.enters(number)).remove)
            if not self._looked:
                stack.enter_context(_NoOther())  # type: ignore[no-untyped-call]
            stack.enter_context(masks)
            yield
        self._looked = True


class Masks(TorchFunctionMode):
    """Dropout of the rows `records` (n,) of what a network is given, under a key of 64 bits."""

    def __init__(self, key: int, records: Tensor) -> None:
        super().__init__()
        self._key, self._records = key, records
        self._module = self._draws = 0

    def enters(self, number: int) -> Callable[[nn.Module, Any], None]:
        """A hook that tells that the module with that number is computed now: its draws count from 0."""

        def enter(_module: nn.Module, _given: Any) -> None:  # noqa: ANN401 - whatever it is called with
            self._module, self._draws = number, 0

        return enter

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - torch's own signature
        """Dropout and attention with dropout by our masks, all else as it is."""
        given = kwargs or {}
        if func in _OURS:
            made = _OURS[func](self._multiplier, *args, **given)
            if made is not None:
                return made
        return func(*args, **given)

    def _multiplier(self, like: Tensor, p: float) -> Tensor:
        """Of the shape and kind of `like`: 0 with chance p, else 1 / (1 - p)."""
        if like.dim() == 0 or like.shape[0] != len(self._records):
            raise _refused(f"by dropout of {like.shape[:1].numel()} rows in a batch of {len(self._records)}")
        key = _mix(_mix(self._key) + (self._module << 16) + self._draws)
        self._draws += 1
        if p >= 1:
            return torch.zeros_like(like)
        return kept(key, self._records, like.shape, p).to(like.dtype).mul_(1 / (1 - p))


def again() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """For `torch.utils.checkpoint` as `context_fn`: what is computed twice has its first time's masks.

    torch takes a mode off while it goes backwards, which is when the second time comes.
    """
    mode: object = _get_current_function_mode()  # type: ignore[no-untyped-call]
    return nullcontext(), mode if isinstance(mode, Masks) else nullcontext()


def kept(key: int, records: Tensor, shape: Sequence[int], p: float) -> Tensor:
    """Which elements of `shape` (n, ...) stay, each with chance 1 - p; `records` (n,) numbers the rows."""
    keys = _mixed(records * _signed(_GOLDEN) + _signed(key))
    for size in shape[1:-1]:
        places = torch.arange(1, size + 1, device=keys.device)
        keys = _mixed(keys[..., None] + places * _signed(_GOLDEN))
    if len(shape) > 1:
        low, odd = (part.to(torch.int32)[..., None] for part in (keys, (keys >> 32) | 1))
        drawn = torch.addcmul(low, odd, torch.arange(shape[-1], device=keys.device, dtype=torch.int32))
    else:
        drawn = keys.to(torch.int32)
    for shift, multiplier in ((16, 0x7FEB352D), (15, 0x846CA68B - 2**32)):
        drawn ^= (drawn >> shift).bitwise_and_((1 << (32 - shift)) - 1)
        drawn *= multiplier
    return drawn >= min(round(p * 2**32) - 2**31, 2**31 - 1)


_Multiplier = Callable[[Tensor, float], Tensor]


def _dropout(
    multiplier: _Multiplier, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor | None:
    if not p or not training:
        return None
    by = multiplier(input, p)
    return input.mul_(by) if inplace else input * by


def _attention(  # noqa: PLR0917 - torch's own signature
    multiplier: _Multiplier,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor | None:
    """softmax(q k' / sqrt(d) + mask) v, as torch documents scaled_dot_product_attention."""
    if not dropout_p:
        return None
    if enable_gqa:
        shared = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(shared, -3), value.repeat_interleave(shared, -3)
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None and attn_mask.dtype is torch.bool:
        scores = scores.masked_fill(~attn_mask, -torch.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    weights = scores.softmax(-1, dtype=torch.float32)
    return (weights * multiplier(weights, dropout_p)).to(value.dtype) @ value


_OURS: dict[Any, Callable[..., Tensor | None]] = {
    functional.dropout: _dropout,
    functional.scaled_dot_product_attention: _attention,
}


class _NoOther(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses operations that draw: what is left of them was not taken over."""

    def __torch_dispatch__(
        self,
        func: OpOverload[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - torch's own signature
        draws = torch.Tag.nondeterministic_seeded in func.tags
        if draws and "attention" not in str(func):  # a fused one that has no dropout is marked, too
            raise _refused(f"by {func}")
        return func(*args, **(kwargs or {}))


def _refused(how: str) -> InvalidInputError:
    rule = f"needs a network whose draws are dropout of records; this one draws {how}"
    return InvalidInputError("--deterministic", "true", rule, "leave it out, or take another network")


def _mix(x: int) -> int:
    """splitmix64's finaliser."""
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _64
    return x ^ (x >> 31)


def _mixed(x: Tensor) -> Tensor:
    """The same, of int64 whose bits are meant."""
    for shift, multiplier in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ ((x >> shift) & ((1 << (64 - shift)) - 1))) * _signed(multiplier)
    return x ^ ((x >> 31) & ((1 << 33) - 1))


def _signed(x: int) -> int:
    """The int64 with the bits of x, 0 to 2^64 - 1."""
    return x - 2**64 if x >= 2**63 else x
