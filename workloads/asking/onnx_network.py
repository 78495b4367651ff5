"""A registered network that is an ONNX file."""

import base64
from binascii import Error as Base64Error

import onnx
import onnxruntime
import torch
from google.protobuf.message import DecodeError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from workloads.errors import CorruptDataError
from workloads.registry.card import ONNX_FILE

_BUFFERS = "buffers"
"""The text in the file that holds the network's buffers, as safetensors in base 64."""


class OnnxNetwork(nn.Module):
    """What ONNX Runtime answers on the CPU, in place of the network that it was made of.

    The network's buffers are this one's: what it knows beside its weights, a threshold for one.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._inputs = [(given.name, given.shape[1:]) for given in self._session.get_inputs()]
        texts = dict(self._session.get_modelmeta().custom_metadata_map)
        kept = texts.pop(_BUFFERS, None)
        for name, buffer in load(base64.b64decode(kept)).items() if kept else ():
            self.register_buffer(name, buffer)
        self.attachments: dict[str, str] = texts
        """The texts that were put into the file."""

    def forward(self, *given: Tensor) -> Tensor:
        """The first of the answers."""
        return self.answers(*given)[0]

    def answers(self, *given: Tensor) -> list[Tensor]:
        """All that the file answers; rows that are flat are laid out as the file has them."""
        named = {
            name: (t.reshape(len(t), *shape) if all(isinstance(size, int) for size in shape) else t).numpy()
            for (name, shape), t in zip(self._inputs, given, strict=True)
        }
        return [torch.from_numpy(answer) for answer in self._session.run(None, named)]


def attached(content: bytes, texts: dict[str, str], buffers: dict[str, Tensor] | None = None) -> bytes:
    """An ONNX file with texts and buffers in its metadata."""
    model = onnx.load_model_from_string(content)
    kept = {_BUFFERS: base64.b64encode(save(buffers)).decode()} if buffers else {}
    onnx.helper.set_model_props(model, {**texts, **kept})
    return model.SerializeToString()


def opened_onnx(content: bytes, name: str) -> OnnxNetwork:
    """The network in a file; raises CorruptDataError where ONNX Runtime cannot run it."""
    try:
        onnx.checker.check_model(onnx.load_model_from_string(content))
        return OnnxNetwork(content)
    except (
        onnx.checker.ValidationError,
        DecodeError,
        Base64Error,
        SafetensorError,
        RuntimeError,
        ValueError,
    ) as error:
        rule = f"must be a model that ONNX Runtime runs ({str(error).splitlines()[0]})"
        raise CorruptDataError(name, ONNX_FILE, rule, "compress its parent again") from None
