"""A registered version as its model's own code needs it."""

import json
from dataclasses import dataclass
from typing import Any, Literal

import torch
from safetensors.torch import load
from torch import nn

from workloads.asking.eight_bits import filled, is_eight_bits
from workloads.asking.half import halved
from workloads.asking.packed import unpack
from workloads.asking.together import Together
from workloads.command import validate
from workloads.errors import CorruptDataError
from workloads.models.spec import ModelSpec
from workloads.models.spec import load as load_named
from workloads.phrasing.phraser import Phraser
from workloads.registry.card import ONNX_FILE, Card
from workloads.settings import NetworkSettings


@dataclass(frozen=True)
class Loaded:
    """The network with its weights, ready to be asked, and what was registered with them."""

    spec: ModelSpec
    card: Card
    network: nn.Module
    attachments: dict[str, str]
    form: Literal["fp32", "bf16", "onnx", "int8-torchao", "ensemble"] = "fp32"
    """Only in the first can it be looked into, and learn."""
    phraser: Phraser | None = None
    """What puts answers into words; see `workloads.phrasing.opened`."""

    def attachment(self, name: str) -> str:
        """A text that was registered with the weights; raises CorruptDataError where it is not there."""
        if name not in self.attachments:
            rule, fix = f"must carry {name}", "train the model again"
            raise CorruptDataError(f"{self.card.model} {self.card.version}", "weights", rule, fix)
        return self.attachments[name]


def load_version(spec: ModelSpec, card: Card, weights: bytes) -> Loaded:
    """The network of `card` with `weights`; raises CorruptDataError if they do not fit together."""
    config = validate(type(spec.config), card.config.model, fix="train the model again")
    name = f"{card.model} {card.version}"
    if card.weights.name == ONNX_FILE:
        from workloads.asking.onnx_network import opened_onnx  # noqa: PLC0415 - only where it is needed

        made = opened_onnx(weights, name)
        asked = load_named(spec.from_onnx)(made, config) if spec.from_onnx else made
        return Loaded(spec, card, asked.eval(), made.attachments, form="onnx")
    network = _network(spec, card, config)
    try:
        tensors = unpack(load(weights))
        if is_eight_bits(tensors):
            quantised = filled(network, tensors).eval()
            return Loaded(spec, card, quantised, metadata(weights), form="int8-torchao")
        network.load_state_dict(tensors)
    except (RuntimeError, ValueError) as error:
        rule, fix = "weights must fit the card's configuration", "train the model again"
        raise CorruptDataError(name, str(error), rule, fix) from None
    network.eval()
    if any(tensor.dtype is torch.bfloat16 for tensor in tensors.values()):
        return Loaded(spec, card, halved(network), metadata(weights), form="bf16")
    return Loaded(spec, card, network, metadata(weights), form="ensemble" if card.ensemble else "fp32")


def _network(spec: ModelSpec, card: Card, config: NetworkSettings) -> nn.Module:
    if card.ensemble is None:
        return spec.build(config)
    fix = "make the ensemble again"
    each = [validate(type(spec.config), member.config, fix=fix) for member in card.ensemble.members]
    return Together([spec.build(one) for one in each])


def metadata(weights: bytes) -> dict[str, str]:
    """The texts in a safetensors file's header: its length in 8 bytes, then JSON."""
    length = int.from_bytes(weights[:8], "little")
    header: dict[str, Any] = json.loads(weights[8 : 8 + length])
    return {str(name): str(text) for name, text in header.get("__metadata__", {}).items()}
