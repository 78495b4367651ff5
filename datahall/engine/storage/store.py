"""What a backend asks of the place where it keeps things."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar, Protocol, runtime_checkable


class Store(Protocol):
    """Whole pieces of bytes by key; keys are relative, with `/` between folders. All raise StoreFailed.

    `torn`: a piece that is cut short may be what a writer left that was killed.
    """

    torn: ClassVar[bool]

    def read(self, key: str) -> bytes | None:
        """The content, None where there is none."""

    def read_version(self, key: str) -> tuple[bytes | None, str | None]:
        """The content, and what a later write may say that it replaces; None where the store cannot tell."""

    def write(self, key: str, content: bytes, *, replacing: str | None = None) -> str | None:
        """Replace the content; whoever reads sees the old or the new, whole, and the new is durable.

        `replacing` is a version, without which there is any other or none; gives the new one.
        """

    def delete(self, key: str) -> None:
        """Take a piece away; an absent one is no error."""

    def names(self, folder: str) -> dict[str, float]:
        """Names of the pieces right in a folder, in order, with the time of their last write (epoch, s)."""

    def exclusive(self, folder: str) -> AbstractContextManager[None]:
        """Among embedded engines, look into a folder and write to it in one act, where the store can."""

    def where(self, key: str) -> str:
        """A piece as its user would name it."""

    def copying(self, source: str, target: str) -> str:
        """The command by which its user would copy a piece."""

    def removing(self, key: str) -> str:
        """The command by which its user would remove a piece."""


@runtime_checkable
class Appends(Protocol):
    """A store that can also add to a piece. Others have no journals: their states are written whole."""

    def append(self, key: str, content: bytes) -> None:
        """Add to a piece; durable when it returns. Raises StoreFailed, and the piece is as it was."""


def quoted(text: str) -> str:
    """One word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
