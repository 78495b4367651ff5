"""A network as an ONNX file, in fp32 or with weights of 8 bits, run by ONNX Runtime on the CPU."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from workloads.asking.onnx_network import OnnxNetwork
from workloads.asking.quiet import quiet
from workloads.registry.card import ONNX_FILE


class _Named(nn.Module):
    """A network whose weights and inputs never have the same name, which the exporter would mix up."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *given: Tensor) -> Any:  # noqa: ANN401 - one tensor, or several
        return self.network(*given)


def export(network: nn.Module, example: tuple[Tensor, ...]) -> OnnxNetwork:
    """`network` in fp32; every size of `example` but those of pictures may be another when it is asked."""
    free = tuple(
        {0: torch.export.Dim.DYNAMIC} | ({1: torch.export.Dim.DYNAMIC} if given.dim() == 2 else {})
        for given in example
    )
    with tempfile.TemporaryDirectory() as folder, quiet():
        path = Path(folder) / ONNX_FILE
        program: Any = torch.onnx.export(
            _Named(network),
            example,
            dynamic_shapes=(free,),
            dynamo=True,
            verbose=False,
        )
        program.save(str(path))
        return OnnxNetwork(path.read_bytes())


def quantise(network: OnnxNetwork) -> OnnxNetwork:
    """The same with weights of 8 bits; what flows between them is quantised as it comes."""
    with tempfile.TemporaryDirectory() as folder, quiet():
        before, after = Path(folder) / ONNX_FILE, Path(folder) / f"int8-{ONNX_FILE}"
        before.write_bytes(network.content)
        quantize_dynamic(before, after, weight_type=QuantType.QInt8)
        return OnnxNetwork(after.read_bytes())
