"""Checkpoints of a run: runs/MODEL/RUN/step-NNNNNNNN/ and runs/MODEL/RUN/latest.json.

A checkpoint is written in the background, while the training goes on; when every rank has written its
share, `latest` names it with the hash of each file, beside the one before it. A process killed at any
moment, and a file damaged later, leave a checkpoint to go on from.
"""

from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from workloads.command import validate
from workloads.errors import CorruptDataError
from workloads.events import Emit
from workloads.objects import Bucket
from workloads.training import shards
from workloads.training.ranks import Ranks
from workloads.training.shards import Shards
from workloads.training.state import State

KEPT = 2


class Entry(BaseModel):
    """One checkpoint: the state after `step`; what is no tensor is in `facts`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    folder: str
    files: dict[str, str]
    """SHA-256 by name."""
    facts: dict[str, Any]


class Latest(BaseModel):
    """The checkpoints there are, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoints: tuple[Entry, ...] = ()


@dataclass
class Pending:
    """A checkpoint that is being written."""

    step: int
    shards: Shards
    facts: dict[str, Any]
    written: Future[object]


@dataclass(kw_only=True)
class Checkpoints:
    """The checkpoints of one run. Every rank calls the same methods in the same order."""

    bucket: Bucket
    model: str
    run: str
    ranks: Ranks
    pending: Pending | None = field(default=None)

    @property
    def prefix(self) -> str:
        """The key under which they lie."""
        return f"runs/{self.model}/{self.run}/"

    def save(self, state: State) -> None:
        """Begin to write `state`, once the checkpoint before it is there; returns when it is copied."""
        self.settle(to_the_end=True)
        part = Shards(self.bucket, f"{self.prefix}step-{state.step:08d}/")
        facts = state.facts(self.ranks.gather(float(state.loss)))
        self.pending = Pending(
            state.step, part, facts, shards.write(state.tensors(), part, self.ranks.saving)
        )

    def settle(self, *, to_the_end: bool = False) -> None:
        """Name the pending checkpoint if every rank has written it, or once it has where `to_the_end`."""
        pending = self.pending
        if pending is None or (not to_the_end and self.ranks.any(not pending.written.done())):
            return
        self.pending = None
        shards.wait(pending.written)
        parts = self.ranks.gather(pending.shards.files)
        if self.ranks.main:
            files = {name: digest for part in parts for name, digest in part.items()}
            folder = pending.shards.prefix
            self._name(Entry(step=pending.step, folder=folder, files=files, facts=pending.facts))

    def leave(self) -> None:
        """Wait for this rank's part of what is pending, whatever comes of it: an error ends the run."""
        if self.pending:
            wait([self.pending.written])

    def restore(self, state: State, emit: Emit) -> bool:
        """Go back to the newest checkpoint that is whole, if there is one; tells `damaged` of others."""
        entries = self.ranks.share(self._entries() if self.ranks.main else ())
        for entry in reversed(entries):
            part = Shards(self.bucket, entry.folder, dict(entry.files))
            fault = self._fault(part)
            if fault:
                emit("damaged", key=entry.folder, rule=fault)
                continue
            state.take(entry.facts, self.ranks.rank, self.ranks.world_size)
            shards.read(state.tensors(), part, self.ranks.saving)
            return True
        return False

    def _fault(self, part: Shards) -> str | None:
        """What is wrong with any file of a checkpoint; each rank looks at its share of them."""
        mine = sorted(part.files)[self.ranks.rank :: self.ranks.world_size]
        fault = None
        try:
            part.check(mine)
        except CorruptDataError as error:
            fault = f"{error.field}: {error.rule}"
        return next((found for found in self.ranks.gather(fault) if found), None)

    def _name(self, entry: Entry) -> None:
        entries = [*(e for e in self._entries() if e.step < entry.step), entry][-KEPT:]
        self.bucket.put_json(self._latest, Latest(checkpoints=tuple(entries)).model_dump())
        kept = (self._latest, *(e.folder for e in entries))
        for key in self.bucket.keys(self.prefix):
            if not key.startswith(kept):  # older, or of an attempt that did not end
                self.bucket.delete(key)

    @property
    def _latest(self) -> str:
        return f"{self.prefix}latest.json"

    def _entries(self) -> tuple[Entry, ...]:
        raw = self.bucket.get_json(self._latest) or {}
        fix = "delete it, and the run begins anew"
        return validate(Latest, raw, prefix=f"{self._latest} ", fix=fix).checkpoints


class Nowhere:
    """Keeps no state, where a training is begun anew rather than gone on with."""

    def save(self, state: State) -> None:
        """Nothing."""

    def settle(self) -> None:
        """Nothing."""
