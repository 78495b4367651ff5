"""A weights file: the same each time, and what safetensors reads."""

from pathlib import Path

import torch
from safetensors import safe_open

from workloads.weights import as_file


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    tensors = {"b": torch.arange(6.0).view(2, 3), "a": torch.tensor([True, False, True])}
    texts = {name: f'{name} "quoted" \\ é 🦆 \x01\n' for name in ("tokenizer.json", "labels", "c", "d", "e")}
    contents = {as_file(tensors, dict(reversed(texts.items())) if turn % 2 else texts) for turn in range(20)}
    (content,) = contents  # safetensors alone orders six texts in one of 720 ways
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    with safe_open(file, framework="pt") as opened:
        assert opened.metadata() == {"format": "pt", **texts}
        assert {*opened.keys()} == {*tensors}
        assert all(torch.equal(opened.get_tensor(name), tensor) for name, tensor in tensors.items())
    assert not int.from_bytes(content[:8], "little") % 8
