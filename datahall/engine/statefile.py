"""A stack's state in its store: plain or compressed. Where both lie there, the newer one is it.

So has the official engine it: a change of `PULUMI_DIY_BACKEND_GZIP` leaves two for a moment.
"""

from __future__ import annotations

from functools import cached_property

from datahall.engine.storage.packed import GZIP, ZSTD, packed
from datahall.engine.storage.store import Appends, Store

_FORMS = ("", GZIP, ZSTD)
BACKUP = ".bak"
JOURNAL_FORM = ".journal"


class StateFile:
    """The state below `plain`, a key that ends with `.json`; written compressed with `gzip`."""

    def __init__(self, store: Store, plain: str, *, gzip: bool) -> None:
        self.store = store
        self._plain = plain
        self._target = plain + GZIP if gzip else plain
        self._gzip = gzip
        self._version: str | None = None  # of the target, as read or written last

    def _forms(self) -> dict[str, float]:
        folder, _, name = self._plain.rpartition("/")
        there = self.store.names(folder)
        return {self._plain + form: there[name + form] for form in _FORMS if name + form in there}

    def key(self) -> str:
        """The one in force; of equally old ones the last form, as the official engine has it."""
        newest_last = sorted(self._forms().items(), key=lambda item: item[1])
        return newest_last[-1][0] if newest_last else self._plain

    def exists(self) -> bool:
        """Whether there is one."""
        return bool(self._forms())

    def read(self) -> tuple[str, bytes | None]:
        """The key of the one in force, and its bytes as they are; None where there is none."""
        key = self.key()
        return key, self.store.read(key)

    def read_at(self, key: str) -> bytes | None:
        """The bytes there, to go on from: a later write replaces just these, if the store can tell."""
        content, version = self.store.read_version(key)
        self._version = version if key == self._target else None
        return content

    @cached_property
    def _others(self) -> list[str]:
        """Other forms, to go once this one is written: looked up at the first write, under the lock."""
        return [key for key in self._forms() if key != self._target]

    def write(self, content: bytes) -> None:
        """Replace the state. Raises StoreFailed, and the state is as it was."""
        raw = packed(content) if self._gzip else content
        self._version = self.store.write(self._target, raw, replacing=self._version)
        while self._others:
            self.store.delete(self._others.pop())

    @property
    def journal(self) -> str:
        """The key of its journal, while there is one."""
        return self._plain + JOURNAL_FORM

    @property
    def appends(self) -> bool:
        """Whether its store can keep a journal."""
        return isinstance(self.store, Appends)

    def read_journal(self) -> bytes | None:
        """The journal as it is."""
        return self.store.read(self.journal)

    def write_journal(self, content: bytes) -> None:
        """Begin a journal. Raises StoreFailed."""
        self.store.write(self.journal, content)

    def add_to_journal(self, content: bytes) -> None:
        """Go on with it. Raises StoreFailed, and it is as it was."""
        if not isinstance(self.store, Appends):
            raise TypeError("a store that does not append keeps no journal")
        self.store.append(self.journal, content)

    def delete_journal(self) -> None:
        """Take the journal away."""
        self.store.delete(self.journal)

    def keep_backup(self) -> None:
        """Copy the state, which has no journal, as it is beside itself."""
        key, raw = self.read()
        if raw is not None:
            self.store.write(key + BACKUP, raw)

    def backups(self) -> list[str]:
        """Keys that a copy beside the state may have."""
        return [self._plain + form + BACKUP for form in _FORMS]

    def delete(self) -> None:
        """Take the state away, in all its forms."""
        for key in self._forms():
            self.store.delete(key)
        self.delete_journal()
