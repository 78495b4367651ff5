"""Which lines of a journal a replay can do without: objects of buckets that were deleted later.

A bucket can only be deleted empty, so whatever was put into it before has no trace after. Each request's
randomness is seeded by its own number, so that leaving lines out changes nothing about the others.
"""

import re
from collections.abc import Sequence
from typing import Any

_COPY = "HTTP_X_AMZ_COPY_SOURCE"


def needed(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines that a replay needs, in order."""
    sources = {_bucket(line["environ"][_COPY]) for line in lines if _COPY in line["environ"]}
    gone: set[str] = set()
    kept = []
    for line in reversed(lines):
        environ = line["environ"]
        if not re.search("/s3/aws4_request", environ.get("HTTP_AUTHORIZATION", "")):
            kept.append(line)
            continue
        bucket, method = _bucket(environ["PATH_INFO"]), environ["REQUEST_METHOD"]
        plain = not environ.get("QUERY_STRING")
        within = "/" in environ["PATH_INFO"].strip("/") or "delete" in environ.get("QUERY_STRING", "").split(
            "&"
        )
        if within and bucket in gone:
            continue
        if not within and plain and method == "DELETE" and bucket not in sources:
            gone.add(bucket)
        if not within and plain and method == "PUT":
            gone.discard(bucket)
        kept.append(line)
    return kept[::-1]


def _bucket(path: str) -> str:
    return path.strip("/").partition("/")[0]
