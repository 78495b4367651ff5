"""Files of a data set from S3, several at a time, handed out in order and checked; kept on disk if wished."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from workloads.data.manifest import File, Manifest
from workloads.errors import CorruptDataError
from workloads.files import write_whole
from workloads.fingerprint import sha256
from workloads.objects import Bucket

AHEAD = 4
"""Files that are on their way, or wait to be taken."""


def fetch(
    bucket: Bucket,
    manifest: Manifest,
    files: Iterable[File],
    *,
    ahead: int = AHEAD,
    cache: Path | None = None,
) -> Iterator[tuple[File, bytes]]:
    """Each of `files` with its content; at most `ahead` of them are held.

    Raises CorruptDataError for a file that is missing or not what the manifest says, StorageError for an
    S3 that does not answer. Files lie in `cache` by their hash: one that is there and whole is not fetched.
    """
    waiting: deque[tuple[File, Future[bytes]]] = deque()
    pool = ThreadPoolExecutor(max_workers=ahead, thread_name_prefix="prefetch")
    try:
        for file in files:
            waiting.append((file, pool.submit(_get, bucket, manifest, file, cache)))
            if len(waiting) >= ahead:
                first, content = waiting.popleft()
                yield first, content.result()
        for first, content in waiting:
            yield first, content.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _get(bucket: Bucket, manifest: Manifest, file: File, cache: Path | None) -> bytes:
    kept = cache / file.sha256 if cache else None
    if kept and kept.is_file():
        content = kept.read_bytes()
        if sha256(content) == file.sha256:
            return content
    content = read_file(bucket, manifest, file)
    if kept:
        write_whole(kept, [content])
    return content


def read_file(bucket: Bucket, manifest: Manifest, file: File) -> bytes:
    """One file, checked against its hash; raises CorruptDataError."""
    key = manifest.prefix + file.name
    content = bucket.get(key, sha256=file.sha256)
    if content is None:
        rule = f"must be there: {manifest.name} {manifest.version} names it"
        fix = f"put {manifest.name} there again"
        raise CorruptDataError(f"s3://{bucket.name}/{key}", "missing", rule, fix)
    return content
