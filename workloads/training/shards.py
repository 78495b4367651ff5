"""torch.distributed.checkpoint on S3: each rank writes its share of the tensors, and reads what it needs.

Only tensors go through it, and its table of contents is unpickled by names that are allowed, so nothing
that lies in a bucket is ever run.
"""

import io
import pickle
import warnings
from collections.abc import Collection, Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemBase, FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import Metadata
from torch.distributed.checkpoint.staging import BlockingAsyncStager
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save

from workloads.errors import CorruptDataError, WorkloadError
from workloads.fingerprint import sha256
from workloads.objects import Bucket

_FIX = "delete that checkpoint's objects: an earlier one is used"
_ALLOWED = {
    ("torch", "Size"),
    ("torch.serialization", "_get_layout"),
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
    *(
        ("torch.distributed.checkpoint.metadata", name)
        for name in (
            "ChunkStorageMetadata",
            "Metadata",
            "MetadataIndex",
            "StorageMeta",
            "TensorProperties",
            "TensorStorageMetadata",
            "_MEM_FORMAT_ENCODING",
        )
    ),
}


@dataclass
class Shards(FileSystemBase):
    """Files under a prefix of a bucket. Reads are checked against `files`; writes are added to it."""

    bucket: Bucket
    prefix: str
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 by name."""
    held: dict[str, bytes] = field(default_factory=dict)
    """Contents that were read before they are needed, or are not yet under their last name."""

    def check(self, names: list[str]) -> None:
        """Read those files and hold them; raises CorruptDataError for one that is damaged or missing."""
        for name in names:
            self.held[name] = self._content(name)

    @contextmanager
    def create_stream(self, path: Any, mode: str) -> Generator[io.IOBase, None, None]:  # noqa: ANN401 - torch's
        """A file as a stream; what was written is in the bucket when the block has ended."""
        name = str(path)
        if mode == "rb":
            yield io.BytesIO(self.held.pop(name) if name in self.held else self._content(name))
            return
        with _Written() as stream:
            yield stream
        self.held[name] = stream.content
        if not name.endswith(".tmp"):
            self._put(name)

    def concat_path(self, path: Any, suffix: str) -> str:  # noqa: ANN401
        """Names are under the prefix already."""
        return suffix

    def init_path(self, path: Any) -> str:  # noqa: ANN401
        """Any: the prefix is ours."""
        return str(path)

    def mkdir(self, path: Any) -> None:  # noqa: ANN401
        """S3 has no folders."""

    def exists(self, path: Any) -> bool:  # noqa: ANN401
        """What lies there of an attempt that did not end is overwritten."""
        return False

    def rename(self, path: Any, new_path: Any) -> None:  # noqa: ANN401
        """Put what was written under its last name."""
        self.held[str(new_path)] = self.held.pop(str(path))
        self._put(str(new_path))

    def rm_file(self, path: Any) -> None:  # noqa: ANN401
        """Never asked for, since nothing exists."""
        raise NotImplementedError(path)

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: Any) -> bool:  # noqa: ANN401
        """Any."""
        return True

    def _put(self, name: str) -> None:
        content = self.held.pop(name)
        self.bucket.put(self.prefix + name, content, content_type="application/octet-stream")
        self.files[name] = sha256(content)

    def _content(self, name: str) -> bytes:
        key = self.prefix + name
        content = self.bucket.get(key, sha256=self.files[name])
        if content is None:
            raise CorruptDataError(f"s3://{self.bucket.name}/{key}", "missing", "must be there", _FIX)
        return content


class _Written(io.BytesIO):
    """Keeps what was written when torch closes it."""

    content = b""

    def close(self) -> None:
        if not self.closed:
            self.content = self.getvalue()
        super().close()


class _Reader(FileSystemReader):
    """Reads those tensors and no less: torch itself passes over what is more in a checkpoint."""

    def __init__(self, shards: Shards, names: Collection[str]) -> None:
        super().__init__(shards.prefix)
        self.fs = shards  # type: ignore[assignment]
        self.names = frozenset(names)

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:  # noqa: ANN401
        """The table of contents; raises UnpicklingError for a name that is not allowed, ValueError for a
        tensor that is not asked for.
        """
        with self.fs.create_stream(".metadata", "rb") as stream:
            metadata: Metadata = _Contents(io.BytesIO(stream.read())).load()
        for name in sorted(metadata.state_dict_metadata.keys() - self.names):
            raise ValueError(f"{name} is in the checkpoint alone")
        return metadata


class _Contents(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        if module == "torch" and isinstance(getattr(torch, name, None), torch.dtype):
            return getattr(torch, name)
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a checkpoint")
        return super().find_class(module, name)


def write(tensors: Mapping[str, Tensor], shards: Shards, group: dist.ProcessGroup | None) -> Future[object]:
    """Copy the tensors, and write the copies in the background; `group` is used for nothing else."""
    writer = FileSystemWriter(shards.prefix, sync_files=False)
    writer.fs = shards  # type: ignore[assignment]
    writer.path = shards.prefix  # a text: what is pickled is no object of this machine's
    _alone_is_meant()
    saving: Any = async_save(
        dict(tensors),
        storage_writer=writer,
        process_group=group,
        async_stager=BlockingAsyncStager(),
        no_dist=group is None,
    )
    future: Future[object] = saving
    return future


def wait(saving: Future[object]) -> None:
    """Until it is written; raises what a rank raised, in its own words where it is ours."""
    try:
        saving.result()
    except CheckpointException as error:
        raise _ours(error) or error from None


def read(tensors: Mapping[str, Tensor], shards: Shards, group: dist.ProcessGroup | None) -> None:
    """Fill the tensors in place, each rank its own parts; raises CorruptDataError where they do not fit."""
    _alone_is_meant()
    try:
        load(
            dict(tensors),
            storage_reader=_Reader(shards, tensors.keys()),
            process_group=group,
            no_dist=group is None,
        )
    except CheckpointException as error:
        rule = f"must fit this run's network ({next(iter(error.failures.values()))[0]})"
        raise _ours(error) or CorruptDataError("checkpoint", shards.prefix, rule, _FIX) from None


def _alone_is_meant() -> None:
    """One process is no oversight; not by a context, which would not hold in the writing thread."""
    warnings.filterwarnings("ignore", message="torch.distributed is disabled")


def _ours(error: CheckpointException) -> WorkloadError | None:
    causes = [failure[0] for failure in error.failures.values()]
    return next((cause for cause in causes if isinstance(cause, WorkloadError)), None)
