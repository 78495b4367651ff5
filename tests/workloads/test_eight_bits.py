"""Weights of 8 bits by torchao: kept, come back, and held to by what is learnt later."""

from collections.abc import Callable

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from tests.workloads.made import card
from tests.workloads.toy import opened
from workloads.asking.eight_bits import as_eight_bits, eight_bits, filled, flat
from workloads.asking.packed import pack, unpack
from workloads.asking.version import Loaded, load_version
from workloads.compression.candidate import Candidate
from workloads.compression.forms import made
from workloads.compression.steps import take
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.models.lm.config import LMConfig
from workloads.models.lm.network import Transformer
from workloads.models.mnist.cnn import CNN
from workloads.models.mnist.config import CNNConfig, MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.models.table import MODELS
from workloads.registry.card import Configs

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPE = MLPConfig(widths=(784, 16, 10))
SMALL_LM = LMConfig(vocabulary=270, dim=16, layers=1, heads=2, kv_heads=1, hidden=24)
TOKENS = torch.arange(12).view(2, 6)


@pytest.mark.parametrize(
    ("build", "given"),
    [
        (lambda: MLP(SHAPE), torch.rand(3, 784)),
        (lambda: CNN(CNNConfig(channels=2, hidden=8)), torch.rand(3, 1, 28, 28)),
        (lambda: Transformer(SMALL_LM), TOKENS),
    ],
    ids=["mlp", "cnn", "lm"],
)
def test_what_is_kept_comes_back_as_it_was_and_a_byte_is_a_weight(
    build: Callable[[], nn.Module], given: Tensor
) -> None:
    before = build().eval()
    with torch.inference_mode():
        exact = before(given)
    whole = len(save(dict(before.state_dict())))
    network = eight_bits(before)
    content = save(pack(flat(network.state_dict())))
    again = filled(build(), unpack(load(content))).eval()
    with torch.inference_mode():
        said = network(given)
        assert torch.equal(again(given), said)
    assert not torch.equal(said, exact)
    assert (said - exact).abs().max() < 0.05 * exact.abs().max()
    assert len(content) < whole


def test_a_candidate_is_made_loaded_and_held_to_its_numbers() -> None:
    candidate = take(parent(), "int8-torchao,sparse:0.6,distil:1")
    assert candidate.form == "int8-torchao"
    weights = torch.cat([each.flatten() for each in candidate.network.parameters() if each.dim() > 1])
    assert float((weights == 0).float().mean()) > 0.59
    for layer in candidate.network.modules():
        if isinstance(layer, nn.Linear):
            # Not the same: torchao takes 255 / 2 steps a side, so that the largest gives way each time.
            step = layer.weight.detach().abs().amax(1, keepdim=True) / 127
            assert ((as_eight_bits(layer.weight) - layer.weight).abs() <= 0.51 * step).all()
            numbers = [row.unique().numel() for row in layer.weight]
            assert max(numbers) <= 255
    one = made(candidate)
    content = one.content()
    facts = card(weights=content).model_copy(
        update={"config": Configs(model=SHAPE.model_dump(), training={"epochs": 1})}
    )
    loaded = load_version(MODELS["mnist"], facts, content)
    assert loaded.form == "int8-torchao"
    rows = torch.rand(4, 784)
    with torch.inference_mode():
        assert torch.equal(loaded.network(rows), one.network(rows))
    wider = facts.model_copy(
        update={"config": Configs(model={"widths": (784, 17, 10)}, training={"epochs": 1})}
    )
    with pytest.raises(CorruptDataError, match="qdata is missing, or of another shape"):
        load_version(MODELS["mnist"], wider, content)
    with pytest.raises(InvalidInputError, match="takes no number"):
        take(parent(), "int8-torchao:8")


def parent() -> Candidate:
    torch.manual_seed(0)
    network = MLP(SHAPE).eval()
    return Candidate(network, SHAPE, Loaded(MODELS["mnist"], card(), network, {}), opened())
