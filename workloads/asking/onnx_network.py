"""A registered network that is an ONNX file."""

import onnx
import onnxruntime
import torch
from google.protobuf.message import DecodeError
from torch import Tensor, nn

from workloads.errors import CorruptDataError
from workloads.registry.card import ONNX_FILE


class OnnxNetwork(nn.Module):
    """What ONNX Runtime answers on the CPU, in place of the network that it was made of."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._inputs = [(given.name, given.shape[1:]) for given in self._session.get_inputs()]

    def forward(self, *given: Tensor) -> Tensor:
        """The logits; rows that are flat are laid out as the file has them."""
        named = {
            name: (t.reshape(len(t), *shape) if all(isinstance(size, int) for size in shape) else t).numpy()
            for (name, shape), t in zip(self._inputs, given, strict=True)
        }
        return torch.from_numpy(self._session.run(None, named)[0])

    @property
    def attachments(self) -> dict[str, str]:
        """The texts that were put into the file."""
        return dict(self._session.get_modelmeta().custom_metadata_map)


def attached(content: bytes, texts: dict[str, str]) -> bytes:
    """An ONNX file with texts in its metadata."""
    model = onnx.load_model_from_string(content)
    onnx.helper.set_model_props(model, texts)
    return model.SerializeToString()


def opened_onnx(content: bytes, name: str) -> OnnxNetwork:
    """The network in a file; raises CorruptDataError where ONNX Runtime cannot run it."""
    try:
        onnx.checker.check_model(onnx.load_model_from_string(content))
        return OnnxNetwork(content)
    except (onnx.checker.ValidationError, DecodeError, RuntimeError, ValueError) as error:
        rule = f"must be a model that ONNX Runtime runs ({str(error).splitlines()[0]})"
        raise CorruptDataError(name, ONNX_FILE, rule, "compress its parent again") from None
