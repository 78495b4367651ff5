"""Resources moved from one stack's record to another's; nothing of the world is changed.

As with the official engine: children go along, providers are copied, what goes without its parent hangs from
the stack, and what refers across the two stacks no longer does. The other stack is written first: a move that
is killed between the two writes leaves the resources in both, and the same move again takes them from the
first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from datahall.engine import links
from datahall.engine import urn as urns
from datahall.engine.backend import StackFiles
from datahall.engine.checkpoint import Checkpoint, now, read_checkpoint, write_resources
from datahall.engine.errors import EngineError, InvalidProject
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.project import Project, qualified
from datahall.engine.secrets import Crypter
from datahall.engine.stack_admin import require_stack
from datahall.engine.stack_import import resealed
from datahall.engine.stack_options import passphrase
from datahall.engine.state import Cipher, decode_state

Recorded = dict[str, Any]


@dataclass(frozen=True)
class Move:
    """What is moved: URNs before to those after; and references that are lost, as sentences."""

    moved: dict[str, str]
    lost: list[str] = field(default_factory=list)


def move_states(
    project: Project,
    source: str,
    dest: str,
    options: Options,
    given: Sequence[str],
    *,
    include_parents: bool = False,
    only_tell: bool = False,
) -> Move:
    """Move resources of `source`, their children with them, to `dest`.

    Both are stacks of the project, or of another as `organization/PROJECT/STACK`. With `only_tell` nothing is
    written. Raises InvalidProject for a URN that is not there or not clear, a provider, an interrupted
    operation, and what `dest` has already; nothing is changed then.
    """
    files = [_files(project, name, options) for name in (source, dest)]
    ours, theirs = files
    if (ours.project, ours.stack) == (theirs.project, theirs.stack):
        raise InvalidProject(f"--dest: {dest}: is the source; name another stack")
    with ExitStack() as held:
        # in the same order for all, so that no two wait for each other
        for each in sorted(files, key=lambda found: (found.project, found.stack)):
            each.backend.prepare()
            held.enter_context(locked(each, lambda _: None))
        before, there = (read_checkpoint(each) for each in files)
        going = _chosen(before, given, include_parents=include_parents)
        left, added, move = _parted(before, going, there, theirs, options)
        if not only_tell:
            _write(ours, left, theirs, there.resources, added)
        return move


def _files(project: Project, name: str, options: Options) -> StackFiles:
    its_project, stack = qualified(project, name)
    return require_stack(
        replace(project, name=its_project), stack, options
    )  # of it the name is all that counts


def _write(
    source: StackFiles,
    left: Sequence[Recorded],
    dest: StackFiles,
    there: Sequence[Recorded],
    added: Sequence[Recorded],
) -> None:
    for files in (source, dest):
        files.state.keep_backup()
    write_resources(dest, [*there, *added])
    try:
        write_resources(source, left)
    except EngineError:
        write_resources(dest, there)
        raise


def _chosen(checkpoint: Checkpoint, given: Sequence[str], *, include_parents: bool) -> list[Recorded]:
    """The records that go, in their order."""
    by_urn: dict[str, list[Recorded]] = {}
    for data in checkpoint.resources:
        by_urn.setdefault(data["urn"], []).append(data)
    going: set[str] = set()
    for urn in given:
        if urn not in by_urn:
            raise InvalidProject(f"urn: {urn}: no such resource in the state; see datahall engine state list")
        if urns.is_provider(by_urn[urn][0]["type"]):
            raise InvalidProject(f"urn: {urn}: a provider; only resources are moved, providers are copied")
        going.add(urn)
        parent = by_urn[urn][0].get("parent") if include_parents else None
        while parent:
            going.add(parent)
            parent = by_urn[parent][0].get("parent")
    chosen = []
    for data in checkpoint.resources:  # a parent stands before its children
        if data.get("parent") in going and not urns.is_provider(data["type"]):
            going.add(data["urn"])
        if data["urn"] in going and data["type"] != urns.STACK_TYPE:
            chosen.append(data)
    pending = {operation["resource"]["urn"] for operation in checkpoint.pending}
    for data in chosen:
        if len(by_urn[data["urn"]]) > 1 or data["urn"] in pending:
            raise InvalidProject(
                f"urn: {data['urn']}: being replaced, or an operation on it was interrupted; run up first"
            )
    return chosen


def _parted(
    before: Checkpoint, going: Sequence[Recorded], dest: Checkpoint, theirs: StackFiles, options: Options
) -> tuple[list[Recorded], list[Recorded], Move]:
    """What stays in the source, what is added to the other stack, and what is told of it."""
    moved_urns = {data["urn"] for data in going}
    stays = [data for data in before.resources if data["urn"] not in moved_urns]
    for data in stays:
        if data.get("parent") in moved_urns:
            raise InvalidProject(
                f"urn: {data['urn']}: a provider below {data['parent']}, which goes; give it another parent"
            )
    lost = [line for data in stays for line in _lost(data, moved_urns)]
    left = [links.redirected_record(data, lambda urn: "" if urn in moved_urns else urn) for data in stays]
    renewed, there = _Renewed(theirs.project, theirs.stack), dest.resources
    added: list[Recorded] = []
    if all(data["urn"] != renewed.root for data in there):
        added.append(renewed.root_record())
    used = {data["provider"] for data in going if data.get("provider")}
    providers = [data for data in stays if f"{data['urn']}::{data.get('id', '')}" in used]
    clear, sealed = _ciphers(before, dest, theirs.stack, options)
    for data in before.resources:
        if data not in providers and data["urn"] not in moved_urns:
            continue
        lost += _lost(data, {other["urn"] for other in stays if other not in providers})
        record = sealed(renewed.record(data))
        same = next((each for each in there if each["urn"] == record["urn"]), None)
        if same is None:
            added.append(record)
        elif _like(same, record, clear, provider=data in providers):
            renewed.stands_for(data, same)
        else:
            raise InvalidProject(
                f"urn: {record['urn']}: {theirs.stack} has another one of that URN; rename one"
            )
    return left, added, Move({urn: renewed.urns[urn] for urn in (data["urn"] for data in going)}, lost)


def _ciphers(
    source: Checkpoint, dest: Checkpoint, name: str, options: Options
) -> tuple[Cipher, Callable[[Recorded], Recorded]]:
    """How secrets of the other stack are opened, and how a record's get that stack's key."""
    if dest.salt_state is None:
        raise InvalidProject(f"--dest: {name}: it has no key for secrets yet; run up in it first")
    phrase = passphrase(options)
    mine, theirs = Crypter(phrase, source.salt_state), Crypter(phrase, dest.salt_state)

    def sealed(record: Recorded) -> Recorded:
        found: Recorded = resealed(record, lambda text: theirs.encrypt(mine.decrypt(text)), theirs)
        return found

    return theirs.decrypt, sealed


def _like(there: Recorded, record: Recorded, clear: Cipher, *, provider: bool) -> bool:
    """Whether it is the same: one that an interrupted move left, or a provider that is as good."""
    one, other = decode_state(there, clear), decode_state(record, clear)
    if provider:
        return one.id == other.id or one.inputs == other.inputs
    return (one.type, one.id, one.inputs, one.outputs) == (other.type, other.id, other.inputs, other.outputs)


class _Renewed:
    """Records as they are in another stack."""

    def __init__(self, project: str, stack: str) -> None:
        self.root = urns.root(stack, project)
        self._project, self._stack = project, stack
        self.urns: dict[str, str] = {}
        self._references: dict[str, str] = {}

    def root_record(self) -> Recorded:
        """The stack's own resource."""
        stamp = now()
        return {
            "urn": self.root,
            "custom": False,
            "type": urns.STACK_TYPE,
            "created": stamp,
            "modified": stamp,
        }

    def record(self, data: Recorded) -> Recorded:
        """The record, with all that it refers to and that came along."""
        record = links.redirected_record(data, lambda urn: self.urns.get(urn, ""))
        default = urns.is_provider(data["type"]) and not data.get("parent")
        record["parent"] = self.urns.get(data.get("parent", ""), "" if default else self.root)
        if default:
            record.pop("parent")
        if data.get("provider"):
            record["provider"] = self._references[data["provider"]]
        name = urns.name_of(data["urn"])
        record["urn"] = urns.make(self._stack, self._project, record.get("parent", ""), data["type"], name)
        self.urns[data["urn"]] = record["urn"]
        self._references[_reference(data)] = _reference(record)
        return record

    def stands_for(self, data: Recorded, there: Recorded) -> None:
        """What is there already takes the place of a record."""
        self._references[_reference(data)] = _reference(there)


def _reference(data: Recorded) -> str:
    return f"{data['urn']}::{data.get('id', '')}"


def _lost(data: Recorded, gone: set[str]) -> list[str]:
    """References of a record to what is in the other stack then; a parent is replaced, not lost."""
    found = {(word, urn) for word, urn in links.recorded(data) if urn in gone and word != "parent"}
    return [f"{data['urn']}: {word} {urn}" for word, urn in sorted(found)]
