"""Weights as a safetensors file: the same tensors and texts are the same bytes, and so the same version."""

import json
from collections.abc import Mapping

from safetensors.torch import save
from torch import Tensor

_LENGTH = 8
_ALIGNED = 8


def as_file(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """The file's content, `texts` in its header.

    safetensors writes the texts in an order that it draws anew each time; here it is that of their names.
    """
    content = save(dict(tensors), metadata={"format": "pt", **texts})
    begin = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    header = json.loads(content[_LENGTH:begin])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    written = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    written += b" " * (-len(written) % _ALIGNED)
    return b"".join([len(written).to_bytes(_LENGTH, "little"), written, memoryview(content)[begin:]])
