"""Checkpoints of a run: runs/MODEL/RUN/step-NNNNNNNN.pt and runs/MODEL/RUN/latest.json.

A blob is written whole before `latest` names it, and `latest` names the last two: a process killed at
any moment, and a blob damaged later, leave a checkpoint to go on from.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from workloads.command import validate
from workloads.errors import CorruptDataError
from workloads.events import Emit
from workloads.fingerprint import sha256
from workloads.objects import Bucket

KEPT = 2


class Entry(BaseModel):
    """One checkpoint: the state after `step`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    key: str
    sha256: str


class Latest(BaseModel):
    """The checkpoints there are, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoints: tuple[Entry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """The checkpoints of one run."""

    bucket: Bucket
    model: str
    run: str

    @property
    def prefix(self) -> str:
        """The key under which they lie."""
        return f"runs/{self.model}/{self.run}/"

    def save(self, step: int, blob: bytes) -> None:
        """Keep `blob` as the state after `step`, and only the last few of those before."""
        entry = Entry(step=step, key=f"{self.prefix}step-{step:08d}.pt", sha256=sha256(blob))
        self.bucket.put(entry.key, blob, content_type="application/octet-stream")
        entries = [*(e for e in self._entries() if e.step < step), entry]
        latest = Latest(checkpoints=tuple(entries[-KEPT:]))
        self.bucket.put_json(self._latest, latest.model_dump())
        for old in entries[:-KEPT]:
            self.bucket.delete(old.key)

    def newest(self, emit: Emit) -> bytes | None:
        """The newest whole blob, or None; tells `damaged` of each that is not."""
        for entry in reversed(self._entries()):
            try:
                blob = self.bucket.get(entry.key, sha256=entry.sha256)
            except CorruptDataError as error:
                emit("damaged", key=entry.key, rule=error.rule)
                continue
            if blob is not None:
                return blob
            emit("damaged", key=entry.key, rule="missing")
        return None

    @property
    def _latest(self) -> str:
        return f"{self.prefix}latest.json"

    def _entries(self) -> tuple[Entry, ...]:
        raw = self.bucket.get_json(self._latest) or {}
        fix = "delete it, and the run begins anew"
        return validate(Latest, raw, prefix=f"{self._latest} ", fix=fix).checkpoints
