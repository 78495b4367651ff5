"""Text that goes on from a prompt."""

import math
import time
from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from workloads.models.lm.network import Transformer
from workloads.models.lm.past import Past
from workloads.models.lm.tokenizer import END

_TIMED = 16


@torch.inference_mode()
def generate(
    network: nn.Module,
    tokenizer: Tokenizer,
    prompt: str,
    *,
    tokens: int,
    context: int,
    temperature: float,
    seed: int,
    until: float = math.inf,
    stop: str | None = None,
) -> str:
    """Up to `tokens` tokens after `prompt`; the likeliest each time where `temperature` is 0.

    It ends where `stop` is said, which is left out, and with the token under way at `until` (monotonic).
    """
    network.eval()
    generator = torch.Generator().manual_seed(seed)
    end, ids = int(tokenizer.token_to_id(END) or 0), tokenizer.encode(prompt).ids
    after, said = _open_after(network, context), list[int]()
    for _ in range(tokens):
        chosen = _choose(after([end, *ids, *said]).float(), temperature, generator)
        if chosen == end:
            break
        said.append(chosen)
        if time.monotonic() >= until or (stop and stop in tokenizer.decode(said)):
            break
    text: str = tokenizer.decode(said)
    return text.partition(stop)[0] if stop else text


def open_timed(network: nn.Module, tokens: Tensor) -> Callable[[], None]:
    """What `workloads.compression` times: 16 tokens one after another, after half of `tokens` (1, t).

    Fewer where there are not so many. They are those of `tokens`, so each form of a network does the same.
    """
    text = tokens[0].tolist()
    begin = max(1, len(text) // 2)

    def once() -> None:
        after = _open_after(network, len(text))
        for length in range(begin, min(begin + _TIMED, len(text) + 1)):
            after(text[:length])

    return once


def _open_after(network: nn.Module, context: int) -> Callable[[Sequence[int]], Tensor]:
    """Gives the logits (vocabulary,) after a text's last `context` tokens; then after it and one token more.

    A `Transformer` runs each token once. Where the text is longer than `context`, its window begins a token
    later each time and every position is another, so the window is run anew: as it always is of a network
    that keeps nothing, which an ONNX file is.
    """
    if not isinstance(network, Transformer):
        return lambda text: network(torch.tensor([text[-context:]]))[0, -1]
    pasts: list[Past] = []

    def after(text: Sequence[int]) -> Tensor:
        if not pasts or len(text) > context:
            pasts[:] = [Past() for _ in network.blocks]
        new = text[-context:][pasts[0].tokens :]
        return network.after(torch.tensor([new]), pasts)[0]

    return after


def _choose(logits: Tensor, temperature: float, generator: torch.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial((logits / temperature).softmax(0), 1, generator=generator))
