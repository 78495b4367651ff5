"""Edits of a recorded state: resources forgotten, renamed, protected. No provider is asked.

They work on the checkpoint's JSON, so secrets stay encrypted as they are and no passphrase is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from datahall.engine import links
from datahall.engine import urn as urns
from datahall.engine.checkpoint import read_checkpoint, write_resources
from datahall.engine.errors import InvalidProject, ProtectedResource
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.stack_admin import require_stack
from datahall.engine.state import decode_state

Recorded = dict[str, Any]


def delete_states(
    project: Project,
    stack: str,
    options: Options,
    given: Sequence[str] | None,
    *,
    force: bool = False,
    target_dependents: bool = False,
) -> list[str]:
    """Forget resources, with `target_dependents` also all that needs them; returns their URNs.

    Where none is given, all are; but not while an operation on one is pending.

    Raises InvalidProject for a URN that is not there, not clear, or needed by others, and
    ProtectedResource without `force`. The resources themselves stay where they are.
    """
    with _editing(project, stack, options) as (resources, pending, write):
        if given is None:
            _not_pending(sorted(pending))
            given = [data["urn"] for data in resources]
        else:
            for urn in given:
                _one(resources, pending, urn)
        needing = _needing(resources, given)
        if needing and not target_dependents:
            told = ", ".join(sorted(needing))
            raise InvalidProject(
                f"urn: {', '.join(given)}: other resources need it: {told}; "
                "delete those too, or add --target-dependents"
            )
        gone = {*given, *needing}
        kept = [data["urn"] for data in resources if data["urn"] in gone and data.get("protect")]
        if kept and not force:
            raise ProtectedResource(
                f"urn: {', '.join(kept)}: protected; unprotect it (state unprotect), or add --force"
            )
        write([data for data in resources if data["urn"] not in gone])
        return [data["urn"] for data in resources if data["urn"] in gone]


def rename_state(project: Project, stack: str, options: Options, urn: str, name: str) -> str:
    """Give a recorded resource another name, also wherever it is referred to; returns the new URN.

    Raises InvalidProject for a URN that is not there or not clear, and a name that is taken.
    """
    with _editing(project, stack, options) as (resources, pending, write):
        found = _one(resources, pending, urn)
        if found["type"] == urns.STACK_TYPE:
            raise InvalidProject(f"urn: {urn}: is the stack itself; only resources in it can be renamed")
        if not name or "::" in name:
            raise InvalidProject(f"name: {name!r}: not a resource's name; give one without `::`")
        new = str(urns.parse(urn)._replace(name=name))
        if any(data["urn"] == new for data in resources):
            raise InvalidProject(f"name: {name}: taken, {new} is recorded already; choose another")
        write([_referring(data, urn, new) for data in resources])
        return new


def protect_states(
    project: Project, stack: str, options: Options, given: Sequence[str] | None, *, protect: bool
) -> list[str]:
    """Set or take away the protection of resources, of all where none is given; returns what changed.

    Raises InvalidProject for a URN that is not there or not clear.
    """
    return _mark(project, stack, options, given, "protect", on=protect)


def taint_states(
    project: Project, stack: str, options: Options, given: Sequence[str] | None, *, taint: bool
) -> list[str]:
    """Mark resources, so that the next update replaces them, or take the mark away; as `protect_states`."""
    return _mark(project, stack, options, given, "taint", on=taint)


def _mark(
    project: Project, stack: str, options: Options, given: Sequence[str] | None, mark: str, *, on: bool
) -> list[str]:
    with _editing(project, stack, options) as (resources, pending, write):
        for urn in given or ():
            _one(resources, pending, urn)
        changed = [
            data["urn"]
            for data in resources
            if (given is None or data["urn"] in given) and bool(data.get(mark)) != on
        ]
        if changed:
            write([_marked(data, mark, on=on) if data["urn"] in changed else data for data in resources])
        return changed


@contextmanager
def _editing(
    project: Project, stack: str, options: Options
) -> Iterator[tuple[list[Recorded], Collection[str], Callable[[Sequence[Recorded]], None]]]:
    """The resources, the URNs of pending operations, and how to write, under the stack's lock."""
    files = require_stack(project, stack, options)
    files.backend.prepare()
    with locked(files, lambda _: None):
        checkpoint = read_checkpoint(files)

        def write(resources: Sequence[Recorded]) -> None:
            files.state.keep_backup()
            write_resources(files, resources)

        yield checkpoint.resources, {op["resource"]["urn"] for op in checkpoint.pending}, write


def _one(resources: Sequence[Recorded], pending: Collection[str], urn: str) -> Recorded:
    found = [data for data in resources if data["urn"] == urn]
    if not found:
        raise InvalidProject(f"urn: {urn}: no such resource in the state; see datahall engine state list")
    if len(found) > 1:
        raise InvalidProject(
            f"urn: {urn}: ambiguous, {len(found)} resources have it; run up, which deletes the replaced ones"
        )
    _not_pending([urn] if urn in pending else [])
    return found[0]


def _not_pending(pending: Sequence[str]) -> None:
    if pending:
        told = ", ".join(pending)
        raise InvalidProject(f"urn: {told}: an operation on it was interrupted; run up, which settles it")


def _needing(resources: Sequence[Recorded], given: Sequence[str]) -> set[str]:
    """All that needs `given`, directly or not; a resource stands after all that it needs."""
    going = set(given)
    for data in resources:
        if not going.isdisjoint(decode_state(data, None).needs()):
            going.add(data["urn"])
    return going - set(given)


def _marked(data: Recorded, mark: str, *, on: bool) -> Recorded:
    rest = {key: value for key, value in data.items() if key != mark}
    return {**rest, mark: True} if on else rest


def _referring(data: Recorded, old: str, new: str) -> Recorded:
    """A resource that is, or refers to, `new` where it was, or referred to, `old`."""

    def swap(urn: str) -> str:
        return new if urn == old else urn

    return links.redirected_record({**data, "urn": swap(data["urn"])}, swap)
