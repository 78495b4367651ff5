"""A candidate in its form: as it is run, and as it is kept."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from workloads.asking.eight_bits import eight_bits, flat
from workloads.asking.half import halved
from workloads.asking.onnx_network import OnnxNetwork, attached
from workloads.asking.packed import pack
from workloads.compression.candidate import Candidate, Form
from workloads.compression.onnx import export, quantise
from workloads.models.spec import load
from workloads.registry.card import ONNX_FILE, WEIGHTS_FILE
from workloads.weights import as_file


@dataclass(frozen=True)
class Made:
    """A candidate that is done with."""

    candidate: Candidate
    network: nn.Module
    onnx: OnnxNetwork | None = None
    """The file that answers for the network, if one does."""

    def content(self) -> bytes:
        """Its file, with the parent's attachments, and with what the network learnt by being judged."""
        texts = self.candidate.parent.attachments
        if self.onnx:
            return attached(self.onnx.content, texts, dict(self.network.named_buffers()))
        return as_file(pack(flat(self.network.state_dict())), texts)

    @property
    def file(self) -> str:
        """What its file is called."""
        return ONNX_FILE if self.onnx else WEIGHTS_FILE


def _fp32(candidate: Candidate) -> Made:
    return Made(candidate, candidate.network)


def _bf16(candidate: Candidate) -> Made:
    return Made(candidate, halved(copy.deepcopy(candidate.network)))


def _int8_torchao(candidate: Candidate) -> Made:
    return Made(candidate, eight_bits(copy.deepcopy(candidate.network)))


def _onnx(candidate: Candidate, change: Callable[[OnnxNetwork], OnnxNetwork] = lambda same: same) -> Made:
    spec, example = candidate.parent.spec, candidate.given(2)
    exported = load(spec.to_onnx)(candidate.network) if spec.to_onnx else candidate.network
    file = change(export(exported, example))
    for name, buffer in candidate.network.named_buffers(recurse=False):
        file.register_buffer(name, buffer.clone())
    network = load(spec.from_onnx)(file, candidate.config) if spec.from_onnx else file
    return Made(candidate, network.eval(), file)


def _int8(candidate: Candidate) -> Made:
    return _onnx(candidate, quantise)


FORMS: Mapping[Form, Callable[[Candidate], Made]] = {
    "fp32": _fp32,
    "bf16": _bf16,
    "onnx": _onnx,
    "int8": _int8,
    "int8-torchao": _int8_torchao,
}
"""Each form by name."""

OTHERS = tuple(form for form in FORMS if form != "fp32")
"""Those that a network can be brought into."""


def made(candidate: Candidate) -> Made:
    """The candidate in its form; raises InvalidInputError where this machine cannot."""
    return FORMS[candidate.form](candidate)
