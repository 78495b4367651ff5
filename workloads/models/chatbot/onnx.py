"""An encoder that is answered by an ONNX file."""

from torch import Tensor, nn

from workloads.asking.onnx_network import OnnxNetwork
from workloads.errors import CorruptDataError
from workloads.models.chatbot.network import Encoder
from workloads.registry.card import ONNX_FILE
from workloads.settings import NetworkSettings


class FileEncoder(Encoder):
    """As the encoder that the file was made of; the threshold is its own."""

    def __init__(self, file: OnnxNetwork) -> None:
        nn.Module.__init__(self)  # there is no body to be built
        self.file = file
        self.register_buffer("threshold", file.get_buffer("threshold"))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Tokens and masks (n, t) -> places (n, dim)."""
        places: Tensor = self.file(tokens, mask)
        return places


def encoder_of(file: OnnxNetwork, _config: NetworkSettings) -> nn.Module:
    """The encoder that `file` answers; raises CorruptDataError where it has no threshold."""
    if "threshold" not in dict(file.named_buffers()):
        rule, fix = "must carry a threshold", "compress its parent again"
        raise CorruptDataError("chatbot", ONNX_FILE, rule, fix)
    return FileEncoder(file)
