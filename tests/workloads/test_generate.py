"""Text by a network that keeps what it has run, against the same that runs its whole window each time."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from workloads.asking.eight_bits import eight_bits
from workloads.asking.half import halved
from workloads.models.lm.config import LMConfig
from workloads.models.lm.generate import generate, open_timed
from workloads.models.lm.network import Transformer
from workloads.models.lm.past import Past
from workloads.models.lm.pruning import prune
from workloads.models.lm.tokenizer import open_tokenizer, train_tokenizer

SHAPE = LMConfig(vocabulary=270, dim=32, layers=2, heads=4, kv_heads=2, hidden=48)
WORDS = "the cat sat on the mat and the hat was flat " * 3
TOKENIZER = open_tokenizer(train_tokenizer([WORDS] * 2, SHAPE.vocabulary))

pytestmark = pytest.mark.usefixtures("one_thread")


class Whole(nn.Module):
    """The same network as one of another kind, of which is known only that it answers."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of each next token."""
        answer: Tensor = self.network(tokens)
        return answer


def drawn(**shape: int) -> Transformer:
    """A network whose weights are so large that what it says hangs on all that went before."""
    torch.manual_seed(0)
    network = Transformer(SHAPE.model_copy(update=shape)).eval()
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.3)
    return network


def pruned() -> nn.Module:
    return prune(drawn(), SHAPE, 0.5)[0]


FORMS: dict[str, Callable[[], nn.Module]] = {
    "fp32": drawn,
    "a key for each query": lambda: drawn(kv_heads=4),
    "a key for all": lambda: drawn(kv_heads=1),
    "pruned": pruned,
    "bf16": lambda: halved(drawn()),
    "int8-torchao": lambda: eight_bits(drawn()),
}
CLOSE = {"bf16": 0.4}
"""Of logits up to 8; by about so much bf16's are others than fp32's. Else 1e-4."""


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@torch.inference_mode()
def test_logits_are_those_of_the_whole_text(form: str) -> None:
    network = FORMS[form]()
    assert isinstance(network, Transformer)
    tokens = torch.randint(0, SHAPE.vocabulary, (2, 20))
    whole, pasts = network(tokens), [Past() for _ in range(SHAPE.layers)]
    for begin, end in ((0, 7), *((n, n + 1) for n in range(7, 20))):
        found = network.after(tokens[:, begin:end], pasts)
        assert (found.float() - whole[:, end - 1]).abs().max() < CLOSE.get(form, 1e-4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    form=st.sampled_from([name for name in FORMS if name != "bf16"]),
    begun=st.integers(0, 40),
    asked=st.fixed_dictionaries(
        {
            "tokens": st.integers(1, 24),
            "context": st.integers(2, 32),
            "temperature": st.sampled_from([0.0, 0.7, 1.5]),
            "seed": st.integers(0, 9),
        }
    ),
)
def test_the_text_is_that_of_the_whole_window(form: str, begun: int, asked: dict[str, Any]) -> None:
    """From no prompt on, to prompts that are longer than the window; in bf16 two logits may be equal."""
    network = FORMS[form]()
    text = generate(network, TOKENIZER, WORDS[:begun], **asked)
    assert text == generate(Whole(network), TOKENIZER, WORDS[:begun], **asked)


def test_each_token_is_run_once_until_the_window_is_full() -> None:
    network = drawn()
    run: list[int] = []
    network.blocks[0].register_forward_hook(lambda _block, taken, _given: run.append(taken[0].shape[1]))
    begun = 1 + len(TOKENIZER.encode("the cat").ids)
    generate(network, TOKENIZER, "the cat", tokens=8, context=begun + 4, temperature=0, seed=0)
    assert run == [begun, 1, 1, 1, 1, begun + 4, begun + 4, begun + 4]


@pytest.mark.parametrize(
    ("tokens", "once"), [(64, [32, *[1] * 15]), (10, [5, *[1] * 5]), (3, [1, 1, 1]), (1, [1])]
)
def test_what_compression_times_is_tokens_one_after_another(tokens: int, once: list[int]) -> None:
    network, given = drawn(), torch.randint(0, SHAPE.vocabulary, (1, tokens))
    run: list[int] = []
    network.blocks[0].register_forward_hook(lambda _block, taken, _given: run.append(taken[0].shape[1]))
    open_timed(network, given)()
    assert run == once
    run.clear()
    open_timed(Whole(network), given)()
    assert run == [begun for begun, _ in enumerate(once, max(1, tokens // 2))]


def test_several_tokens_after_others_are_refused() -> None:
    network, tokens = drawn(), torch.zeros(1, 3, dtype=torch.long)
    pasts = [Past() for _ in range(SHAPE.layers)]
    network.after(tokens, pasts)
    with pytest.raises(ValueError, match="3 tokens after 3: must be one at a time"):
        network.after(tokens, pasts)
