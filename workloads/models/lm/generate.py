"""Text that goes on from a prompt."""

import math
import time

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from workloads.models.lm.tokenizer import END


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
    end, ids = tokenizer.token_to_id(END), tokenizer.encode(prompt).ids
    said: list[int] = []
    for _ in range(tokens):
        window = torch.tensor([[end, *ids, *said][-context:]])
        chosen = _choose(network(window)[0, -1].float(), temperature, generator)
        if chosen == end:
            break
        said.append(chosen)
        if time.monotonic() >= until or (stop and stop in tokenizer.decode(said)):
            break
    text: str = tokenizer.decode(said)
    return text.partition(stop)[0] if stop else text


def _choose(logits: Tensor, temperature: float, generator: torch.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial((logits / temperature).softmax(0), 1, generator=generator))
