"""The journal of a state: what changed since the state beside it was written, a line for each write.

A line is the SHA-256 of the line before's and its own JSON, a space, and the JSON; the first line says which
state it goes on from. What a killed writer left without its line end was never reported as written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from datahall.engine.values import Json

_DIGITS = 64
RESOURCES = ("new", "base")  # lines of resources in the order of a state; `pending` are its operations
PENDING = "pending"


class DamagedJournal(Exception):  # noqa: N818 - its reader says of what, and what to do
    """What is wrong with a journal."""


def line(before: str, body: str) -> tuple[bytes, str]:
    """A line after the one whose sum is `before`, and its own sum."""
    digest = _sum(before, body.encode())
    return f"{digest} {body}\n".encode(), digest


def first_line(state_sum: str, slots: Mapping[str, Sequence[int]]) -> tuple[bytes, str]:
    """The first line, to the state with that checksum; `slots` number what stands there, by line."""
    return line("", json.dumps({"state": state_sum, "slots": slots}, separators=(",", ":")))


def entry(name: str, slot: int, text: str | None) -> str:
    """One change: what stands in a slot now, as JSON; None where it is empty now."""
    return f'["{name}",{slot},{"null" if text is None else text}]'


def replayed(
    raw: bytes, state_sum: str, resources: Sequence[Json], pending: Sequence[Json]
) -> tuple[list[Json], list[Json]]:
    """Resources and pending operations of a state, with all that the journal says of them.

    Raises DamagedJournal, also for the journal of another state.
    """
    bodies = [json.loads(body) for body in _bodies(raw)]
    if not bodies:
        raise DamagedJournal("it is empty")
    try:
        head, batches = bodies[0], bodies[1:]
        if head["state"] != state_sum:
            raise DamagedJournal("it goes on from another state")
        slots = {name: head["slots"][name] for name in (*RESOURCES, PENDING)}
        new = len(slots[RESOURCES[0]])
        standing = (resources[:new], resources[new:], pending)
        lines: dict[str, dict[int, Json]] = {
            name: dict(zip(slots[name], items, strict=True))
            for name, items in zip(slots, standing, strict=True)
        }
        for name, slot, item in (change for batch in batches for change in batch):
            if item is None:
                lines[name].pop(slot, None)
            else:
                lines[name][slot] = item
    except (KeyError, TypeError, ValueError):
        raise DamagedJournal("malformed: not what a journal holds") from None
    found = {name: [items[slot] for slot in sorted(items)] for name, items in lines.items()}
    return [item for name in RESOURCES for item in found[name]], found[PENDING]


def _bodies(raw: bytes) -> list[bytes]:
    *whole, tail = raw.split(b"\n")
    bodies: list[bytes] = []
    before = ""
    for number, text in enumerate(whole, start=1):
        body = text[_DIGITS + 1 :]
        digest = _sum(before, body)
        if text[: _DIGITS + 1] != f"{digest} ".encode():
            raise DamagedJournal(f"line {number} does not match its checksum")
        bodies.append(body)
        before = digest
    if tail and _sum(before, tail[_DIGITS + 1 : -1]).encode() == tail[:_DIGITS]:
        raise DamagedJournal(f"line {len(whole) + 1} does not end as lines do")  # whole, so not cut short
    return bodies


def _sum(before: str, body: bytes) -> str:
    return hashlib.sha256(before.encode() + body).hexdigest()


def changes(body: Sequence[str]) -> str:
    """A line's JSON, of its entries."""
    return f"[{','.join(body)}]"


def last(entries: Sequence[tuple[str, int, Any]]) -> dict[tuple[str, int], Any]:
    """The last of the changes of each slot."""
    return {(name, slot): item for name, slot, item in entries}
