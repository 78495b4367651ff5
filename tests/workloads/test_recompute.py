"""Activation checkpointing of networks in BERT's form: less is kept, and the gradients are the same."""

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from transformers import AutoConfig, MPNetConfig, MPNetModel

from tests.workloads.toy import configured
from workloads.errors import InvalidInputError
from workloads.events import silent
from workloads.models.chatbot.config import EncoderConfig
from workloads.models.chatbot.network import Encoder
from workloads.models.recompute import recomputing
from workloads.models.sentiment.config import ClassifierConfig
from workloads.models.sentiment.network import Classifier
from workloads.training.__main__ import main
from workloads.training.dropout import Drops
from workloads.training.ranks import ALONE

SHAPE: dict[str, Any] = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
}


def learnt(network: nn.Module) -> tuple[Tensor, int]:
    """The gradients of a batch with dropout, and how many bytes were kept for them."""
    network.train()
    tokens = torch.arange(24).view(4, 6)
    batch = (tokens, torch.ones(4, 6, dtype=torch.long), torch.zeros(4))
    drops, kept = Drops(network, configured(batch_size=4, deterministic=True).training, ALONE), [0]

    def keep(tensor: Tensor) -> Tensor:
        kept[0] += tensor.nbytes
        return tensor

    drops.begin(0, 0)
    with drops.of(0, batch):
        with saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = network(*batch[:2]).pow(2).mean()
        torch.autograd.backward(loss)
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]), kept[0]


@pytest.mark.parametrize("kind", ["sentiment", "chatbot"])
def test_recomputing_keeps_less_and_changes_no_gradient(kind: str) -> None:
    config = AutoConfig.for_model("bert", **SHAPE, intermediate_size=32, num_labels=3)
    shape: dict[str, Any] = {"checkpoint": "none", "architecture": json.dumps(config.to_dict())}

    def built(recompute: bool) -> nn.Module:
        torch.manual_seed(0)
        if kind == "chatbot":
            return Encoder(EncoderConfig(**shape, recompute=recompute))
        return Classifier(ClassifierConfig(**shape, recompute=recompute))

    (plain, much), (again, little) = learnt(built(False)), learnt(built(True))
    torch.testing.assert_close(again, plain)
    assert little < 0.6 * much


def test_what_cannot_be_recomputed_is_refused_by_name() -> None:
    small = MPNetModel(MPNetConfig(**SHAPE, intermediate_size=32))
    assert recomputing(small, False) is small
    with pytest.raises(InvalidInputError, match=r"--model-recompute.*MPNetModel"):
        recomputing(small, True)
    for model in ("mnist", "mnist-cnn", "recommender"):
        with pytest.raises(InvalidInputError, match="--model-recompute"):
            main([model, "--site", "none.json", "--model-recompute", "true"], silent)
