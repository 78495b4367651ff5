"""Records a second out of the same shards: ours, and WebDataset (tarfile alone where it is not installed).

datahall does not need it: put it where Python finds it (`uv pip install --target DIR webdataset`).
Ours checks each shard's SHA-256 and every header besides; both parse the JSON. From the disk, and from an
emulated S3: ours as `--stream` reads it, a rank alone with eight lanes and a buffer of 1,024, WebDataset by
URLs that are signed beforehand (it fetches them by curl) with a shuffling buffer as large.
"""

import io
import json
import tarfile
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks.training.emulated import emulated
from benchmarks.training.timing import Pair, in_turn
from workloads.data import store
from workloads.data.content import Content, Origin
from workloads.data.shards import pack, unpack
from workloads.data.splits import INDEX, shard_name
from workloads.data.stream import Source, Stream
from workloads.fingerprint import canonical, sha256

_SHARDS, _EACH, _BUFFER = 8, 1000, 1024


def run(rounds: int) -> list[Pair]:
    """8,000 short texts in eight shards, from the disk and, beside WebDataset, from S3."""
    return [*_from_disk(rounds), *(_from_s3(rounds) if find_spec("webdataset") else [])]


def _from_disk(rounds: int) -> list[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        paths, digests = [], {}
        for shard in range(_SHARDS):
            path = Path(folder) / shard_name("train", shard)
            path.write_bytes(_shard(shard))
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


def _shard(shard: int) -> bytes:
    return pack(
        (f"{shard:08x}{number:08x}", {"json": json.dumps({"text": f"a review {number} " * 8}).encode()})
        for number in range(_EACH)
    )


def _from_s3(rounds: int) -> list[Pair]:
    with tempfile.TemporaryDirectory() as folder, emulated(Path(folder)) as buckets:
        bucket, names = buckets.data, [shard_name("train", shard) for shard in range(_SHARDS)]
        files = {name: _shard(shard) for shard, name in enumerate(names)}
        files[INDEX] = canonical(dict.fromkeys(names, _EACH))
        content = Content(files, {"train": _SHARDS * _EACH, "test": 0})
        origin = Origin(name="loader", source="made", licence="CC0-1.0", preparation="none")
        manifest = store.describe(origin, content)
        store.publish(bucket, manifest, content, "none")
        stream = Stream(
            source=Source(bucket, manifest),
            counts=dict.fromkeys(names, _EACH),
            unpack=_records,
            seed=1,
            lanes=8,
            buffer=_BUFFER,
        )
        urls = [
            bucket.client.generate_presigned_url(
                "get_object", Params={"Bucket": bucket.name, "Key": manifest.prefix + name}
            )
            for name in names
        ]

        def ours() -> None:
            assert sum(len(batch) for batch in stream.batches(0, 16, range(16))) == _SHARDS * _EACH

        def theirs() -> None:
            made = import_module("webdataset").WebDataset(urls, shardshuffle=_SHARDS, seed=1)
            assert sum(len(sample["json"]) for sample in made.shuffle(_BUFFER).decode()) == _SHARDS * _EACH

        what = "loader: from S3, against WebDataset"
        return [in_turn(what, "records/s", rounds, ours=ours, theirs=theirs, per=_SHARDS * _EACH)]


def _records(content: bytes, name: str) -> list[object]:
    return [json.loads(parts["json"]) for _, parts in unpack(content, name)]


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
