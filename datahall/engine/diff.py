"""Whether and how a resource changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from datahall.engine.answers import ProviderDiff
from datahall.engine.events import DiffKind, PropertyDiff
from datahall.engine.paths import contains, format_path, lookup, parse_path
from datahall.engine.values import Properties, Value, contains_unknown, masked, without_secrets

_REPLACING: Mapping[DiffKind, DiffKind] = {
    "add": "add-replace",
    "delete": "delete-replace",
    "update": "update-replace",
}


@dataclass(frozen=True)
class Change:
    """The verdict on a resource that exists."""

    changes: bool
    replace: bool = False
    delete_before_replace: bool = False
    diff: tuple[PropertyDiff, ...] = ()
    detailed: bool = False


NO_CHANGE = Change(changes=False)


def changed_inputs(old: Properties, new: Properties) -> dict[str, DiffKind]:
    """Paths at which two property maps differ; secrets are compared in the clear."""
    return {
        format_path(path): kind for path, kind in _compare((), without_secrets(old), without_secrets(new))
    }


def triggered(old: Value, new: Value) -> bool:
    """Whether a replacement trigger asks for a replacement; one that came or went does not."""
    if contains_unknown(old) or contains_unknown(new):
        return True
    if old is None or new is None:
        return False
    return bool(changed_inputs({"trigger": old}, {"trigger": new}))


def _compare(
    path: tuple[str | int, ...], old: Value, new: Value
) -> Iterator[tuple[tuple[str | int, ...], DiffKind]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if key not in old:
                yield (*path, key), "add"
            elif key not in new:
                yield (*path, key), "delete"
            else:
                yield from _compare((*path, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= len(old):
                yield (*path, index), "add"
            elif index >= len(new):
                yield (*path, index), "delete"
            else:
                yield from _compare((*path, index), old[index], new[index])
    elif (type(old) is not type(new) and not _numbers(old, new)) or old != new:
        yield path, "update"


def _numbers(old: Value, new: Value) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in (old, new))


def component_change(old: Properties, new: Properties) -> Change:
    """A component changes when its inputs do."""
    kinds = changed_inputs(old, new)
    diff = tuple(_shown(path, kind, old, new) for path, kind in kinds.items())
    return Change(changes=bool(kinds), diff=diff)


def custom_change(
    answer: ProviderDiff,
    *,
    old_inputs: Properties,
    old_outputs: Properties,
    new_inputs: Properties,
    replace_on_changes: Sequence[str] = (),
    hide: Sequence[str] = (),
    init_errors: bool = False,
) -> Change:
    """A provider's answer with the program's `replaceOnChanges` worked in."""
    own = changed_inputs(old_inputs, new_inputs)
    changes = bool(own) if answer.changes is None else answer.changes
    patterns = [parse_path(path) for path in replace_on_changes]
    if not changes and not (init_errors and _matches(patterns, ("#initerror",))):
        return NO_CHANGE
    detailed = bool(answer.detailed)
    nested = detailed or answer.changes is None  # else the provider tells no more than top-level keys
    kinds: dict[str, tuple[DiffKind, bool]] = (
        dict(answer.detailed) if detailed else {path: (kind, True) for path, kind in own.items()}
    )
    replaces = {*answer.replaces}
    replaces.update(key for key in answer.changed if _matches(patterns, (key,)))
    shown = []
    replace = bool(replaces) or not changes
    for path, (kind, of_inputs) in kinds.items():
        parts = parse_path(path)
        forced = (nested and _matches(patterns, parts)) or (not detailed and str(parts[0]) in replaces)
        final = _REPLACING.get(kind, kind) if forced else kind
        replace = replace or final.endswith("-replace")
        if not _matches([parse_path(h) for h in hide], parts):
            before = old_inputs if of_inputs else old_outputs
            told = _shown(path, final, before, new_inputs, old_inputs)
            shown.append(told if of_inputs else dataclasses.replace(told, of_inputs=False))
    return Change(
        changes=True,
        replace=replace,
        delete_before_replace=answer.delete_before_replace,
        diff=tuple(shown),
        detailed=detailed,
    )


def _matches(patterns: Sequence[tuple[str | int, ...]], path: tuple[str | int, ...]) -> bool:
    return any(contains(pattern, path) for pattern in patterns)


def _shown(
    path: str, kind: DiffKind, old: Properties, new: Properties, other: Properties | None = None
) -> PropertyDiff:
    parts = parse_path(path)
    before = lookup(old, parts)
    if before is None and other is not None:
        before = lookup(other, parts)
    return PropertyDiff(path, kind, masked(before), masked(lookup(new, parts)))


def created(inputs: Properties) -> tuple[PropertyDiff, ...]:
    """What a creation shows: each input, as added."""
    return tuple(
        PropertyDiff(format_path((key,)), "add", None, masked(inputs[key])) for key in sorted(inputs)
    )
