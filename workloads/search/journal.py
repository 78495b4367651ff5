"""A study's journal in a bucket: an object for each entry, numbered, written once and never changed."""

import json
import uuid
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from workloads.errors import CorruptDataError
from workloads.objects import Bucket


class BucketJournal(BaseJournalBackend):
    """optuna's journal under a prefix. A number is taken by a conditional write, so no entry is lost."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._logs: list[dict[str, Any]] = []
        self._entries = 0

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """The logs from that number on; raises StorageError or CorruptDataError."""
        while self._take(self._bucket.get_json(self._key)) is not None:
            pass
        return self._logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add logs after all that are there, others' that were faster included; raises StorageError."""
        entry = {"id": uuid.uuid4().hex, "logs": json.loads(json.dumps(logs))}
        while not self._bucket.put_json(self._key, entry, new=True):
            # A write whose answer was lost is repeated by botocore, and then finds itself there.
            if self._take(self._bucket.get_json(self._key)) == entry["id"]:
                return
        self._take(entry)

    @property
    def _key(self) -> str:
        return f"{self._prefix}{self._entries:08d}.json"

    def _take(self, entry: dict[str, Any] | None) -> str | None:
        if entry is None:
            return None
        if not isinstance(entry.get("logs"), list) or not isinstance(entry.get("id"), str):
            rule, fix = "must be an entry of a study", "restore that object's earlier version"
            raise CorruptDataError(f"s3://{self._bucket.name}/{self._key}", sorted(entry), rule, fix)
        self._logs += entry["logs"]
        self._entries += 1
        return str(entry["id"])
