"""The audit log: one object an entry, each holding the hash of the one before and the state after it.

An entry is written only where there is none (a conditional put), so of two writers one is told to look
again; and the last entry alone says what is in production. Changing or removing an entry breaks the
chain, except at its end or by rewriting all that follows: against that, keep the head's hash elsewhere
and hold `verify --head` against it.
"""

import os
import pwd
import socket
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from workloads.command import validate
from workloads.errors import CorruptDataError
from workloads.fingerprint import canonical, sha256
from workloads.objects import Bucket
from workloads.registry.card import now

Action = Literal["registered", "promoted", "refused"]

_FIX = "run python -m workloads.registry verify, and restore the object's earlier version"


class Pinned(BaseModel):
    """A version, and the card that it had."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    card_sha256: str


class Entry(BaseModel):
    """One entry; `production` is what is in production after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int
    time: str
    actor: str
    action: Action
    subject: Pinned
    detail: tuple[str, ...]
    production: Pinned | None
    previous: str

    @property
    def hash(self) -> str:
        """SHA-256 over everything above."""
        return sha256(canonical(self.model_dump(mode="json")))


@dataclass(frozen=True, kw_only=True)
class AuditLog:
    """The log of one model: models/NAME/audit/NNNNNNNN.json."""

    bucket: Bucket
    model: str

    def head(self) -> Entry | None:
        """The last entry, or None."""
        keys = self.bucket.keys(self._prefix)
        return self._read(keys[-1]) if keys else None

    def entries(self) -> list[Entry]:
        """All entries, in order."""
        return [self._read(key) for key in self.bucket.keys(self._prefix)]

    def append(
        self,
        head: Entry | None,
        action: Action,
        subject: Pinned,
        *,
        production: Pinned | None,
        detail: tuple[str, ...] = (),
    ) -> bool:
        """Write the entry after `head`; False if another writer was faster."""
        entry = Entry(
            sequence=head.sequence + 1 if head else 1,
            time=now(),
            actor=_actor(),
            action=action,
            subject=subject,
            detail=detail,
            production=production,
            previous=head.hash if head else "",
        )
        document = {**entry.model_dump(mode="json"), "hash": entry.hash}
        return self.bucket.put_json(self._key(entry.sequence), document, new=True)

    @property
    def _prefix(self) -> str:
        return f"models/{self.model}/audit/"

    def _key(self, sequence: int) -> str:
        return f"{self._prefix}{sequence:08d}.json"

    def _read(self, key: str) -> Entry:
        raw = self.bucket.get_json(key) or {}
        recorded = raw.pop("hash", "none")
        entry = validate(Entry, raw, prefix=f"{key} ", fix=_FIX)
        if entry.hash != recorded or self._key(entry.sequence) != key:
            raise CorruptDataError(key, recorded, "must be unchanged since it was written", _FIX)
        return entry


def _actor() -> str:
    """Who runs this, as the host knows them; on AWS, CloudTrail has the last word."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return f"{user}@{socket.gethostname()}"
