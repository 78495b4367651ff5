"""Records a second out of the same shards: ours, and WebDataset (tarfile alone where it is not installed).

datahall does not need it: put it where Python finds it (`uv pip install --target DIR webdataset`).
Ours checks each shard's SHA-256 and every header besides; both read from the disk and parse the JSON.
"""

import io
import json
import tarfile
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks.training.timing import Pair, in_turn
from workloads.data.shards import pack, unpack
from workloads.fingerprint import sha256

_SHARDS, _EACH = 8, 1000


def run(rounds: int) -> list[Pair]:
    """8,000 short texts in eight shards."""
    with tempfile.TemporaryDirectory() as folder:
        paths, digests = [], {}
        for shard in range(_SHARDS):
            samples = (
                (
                    f"{shard:08x}{number:08x}",
                    {"json": json.dumps({"text": f"a review {number} " * 8}).encode()},
                )
                for number in range(_EACH)
            )
            path = Path(folder) / f"train-{shard:05d}.tar"
            path.write_bytes(pack(samples))
            paths.append(path)
            digests[path] = sha256(path.read_bytes())

        def ours() -> None:
            found = 0
            for path in paths:
                content = path.read_bytes()
                assert sha256(content) == digests[path]
                found += sum(len(json.loads(parts["json"])) for _, parts in unpack(content, path.name))
            assert found == _SHARDS * _EACH

        name, theirs = ("WebDataset", _webdataset) if find_spec("webdataset") else ("tarfile", _tarfile)
        what = f"loader: against {name}"
        return [
            in_turn(what, "records/s", rounds, ours=ours, theirs=lambda: theirs(paths), per=_SHARDS * _EACH)
        ]


def _webdataset(paths: list[Path]) -> None:
    module = import_module("webdataset")
    made = module.WebDataset([str(path) for path in paths], shardshuffle=False).decode()
    assert sum(len(sample["json"]) for sample in made) == _SHARDS * _EACH


def _tarfile(paths: list[Path]) -> None:
    found = 0
    for path in paths:
        with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None
                found += len(json.loads(file.read()))
    assert found == _SHARDS * _EACH
