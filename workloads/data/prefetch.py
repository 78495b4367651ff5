"""Files of a data set from S3, several at a time, handed out in order and checked."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from workloads.data.manifest import File, Manifest
from workloads.errors import CorruptDataError
from workloads.objects import Bucket

AHEAD = 4
"""Files that are on their way, or wait to be taken."""


def fetch(
    bucket: Bucket,
    manifest: Manifest,
    files: Iterable[File],
    *,
    ahead: int = AHEAD,
) -> Iterator[tuple[File, bytes]]:
    """Each of `files` with its content; at most `ahead` of them are held.

    Raises CorruptDataError for a file that is missing or not what the manifest says, StorageError for an
    S3 that does not answer.
    """
    waiting: deque[tuple[File, Future[bytes]]] = deque()
    pool = ThreadPoolExecutor(max_workers=ahead, thread_name_prefix="prefetch")
    try:
        for file in files:
            waiting.append((file, pool.submit(read_file, bucket, manifest, file)))
            if len(waiting) >= ahead:
                first, content = waiting.popleft()
                yield first, content.result()
        for first, content in waiting:
            yield first, content.result()
    finally:
        pool.shutdown(cancel_futures=True)


def read_file(bucket: Bucket, manifest: Manifest, file: File) -> bytes:
    """One file, checked against its hash; raises CorruptDataError."""
    key = manifest.prefix + file.name
    content = bucket.get(key, sha256=file.sha256)
    if content is None:
        rule = f"must be there: {manifest.name} {manifest.version} names it"
        fix = f"put {manifest.name} there again"
        raise CorruptDataError(f"s3://{bucket.name}/{key}", "missing", rule, fix)
    return content
