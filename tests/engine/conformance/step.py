"""A step of a life, and what is compared after it, whichever engine did it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

Json = Any
RANDOM = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|-[0-9a-f]{6,7}(?![0-9a-z])")
_SEEN: Final = ("Create", "Update", "Delete", "Hook")
_PASSING: Final = ("created", "modified", "sourcePosition", "stackTrace")
_OF_THE_PROGRAM: Final = re.compile(r"project:///(?!\.\./)")
_UNREADABLE: Final = "__provider"  # a dynamic provider's program, pickled


@dataclass(frozen=True)
class Step:
    """An operation: on the program (else the one before), with flags, after the cloud was tampered with.

    `tampered` are changes by the name of a thing; None takes it away. `refreshed` is whether it, or a step
    before it, refreshed: the official engine then leaves out dependencies of properties that have none.
    """

    program: str = ""
    verb: str = "up"
    flags: tuple[str, ...] = ()
    stack: str = "dev"
    refreshed: bool = False
    tampered: Mapping[str, Mapping[str, Json] | None] = field(default_factory=dict)


Life = tuple[str | Step, ...]


def steps_of(life: Life) -> Iterator[tuple[str, Step]]:
    """Each step with its name; at the end nothing changes, and then all goes."""
    program, refreshed = "", False
    for n, given in enumerate([*life, Step(), Step(verb="destroy")], 1):
        step = Step(given) if isinstance(given, str) else given
        program = step.program or program
        refreshed = refreshed or step.verb == "refresh" or "--refresh" in step.flags
        name = " ".join((str(n), step.verb, *step.flags))
        yield name, replace(step, program=program, refreshed=refreshed)


def tamper(cloud: Path, step: Step) -> None:
    """What happens to the cloud behind the engine's back."""
    for name, changes in step.tampered.items():
        [file] = cloud.glob(f"{name}-??????.thing")
        if changes is None:
            file.unlink()
        else:
            file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def observed(code: int, folder: Path, deployment: Json, stack: str) -> dict[str, Json]:
    """All that is compared of `folder`, with its `state` and `cloud`. What is random is masked."""
    return {
        "exit code": code,
        "calls": calls(folder),
        "inventory": dict(sorted(_inventory(folder / "cloud").items())),
        "changes": _changes(folder / "state", stack),
        "state": resources_of(deployment),
    }


def resources_of(deployment: Json) -> dict[str, Json]:
    """The resources of a deployment whose secrets are shown, by URN and mark."""
    assert not deployment.get("pending_operations")
    found: dict[str, Json] = {}
    for resource in deployment.get("resources") or ():
        kept = {key: value for key, value in resource.items() if key not in _PASSING}
        places = [frame.get("sourcePosition", "") for frame in (resource, *resource.get("stackTrace", ()))]
        kept["declared"] = [place for place in places if _OF_THE_PROGRAM.match(place)]
        kept["dependencies"] = sorted(kept.get("dependencies", ()))  # the SDK sends a set
        for urns in kept.get("propertyDependencies", {}).values():
            urns.sort()
        for properties in (kept.get("inputs", {}), kept.get("outputs", {})):
            if _UNREADABLE in properties:
                properties[_UNREADABLE] = "*"
        key = kept["urn"] + (" (delete)" if kept.get("delete") else "")
        found[key] = json.loads(RANDOM.sub("-*", json.dumps(kept)))
    return found


def calls(folder: Path) -> dict[str, int]:
    """What changed the cloud in the step, and hooks that ran: method, URN and timeout, with how often."""
    log = folder / "cloud" / "calls.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    seen = Counter(
        f"{c['method']} {c['urn']}" + (f" within {c['timeout']:g} s" if c.get("timeout") else "")
        for c in lines
        if c["method"].startswith(_SEEN)
    )
    return dict(sorted(seen.items()))


def _changes(backend: Path, stack: str) -> dict[str, int]:
    """The last operation's changes, as the history tells them (the official one counts few reads)."""
    history = backend / ".pulumi" / "history" / "proj" / stack
    last = max(history.glob("*.history.json"), key=lambda file: file.name)
    changes: dict[str, int] = json.loads(last.read_text()).get("resourceChanges") or {}
    return {op: count for op, count in sorted(changes.items()) if count and op != "read"}


def _inventory(cloud: Path) -> Counter[str]:
    return Counter(file.name.rpartition("-")[0] for file in cloud.glob("*.thing"))


def compared(name: str, step: Step, theirs: dict[str, Json], ours: dict[str, Json]) -> Iterator[str]:
    """Where what was seen after a step differs, the official first."""
    both = [theirs, ours]
    if step.refreshed:
        both = [{**seen, "state": {urn: _bare(r) for urn, r in seen["state"].items()}} for seen in both]
    yield from differences(name, *both)


def _bare(resource: dict[str, Json]) -> dict[str, Json]:
    needed = {key: urns for key, urns in resource.get("propertyDependencies", {}).items() if urns}
    return {**resource, "propertyDependencies": needed}


def out_of_order(folder: Path, resources: dict[str, Json]) -> Iterator[str]:
    """Creates and updates that came before what they need, deletes that came after; `resources` by URN.

    What is deleted ahead of its replacement takes only some of those that need it along.
    """
    log = folder / "cloud" / "calls.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    made = [c["urn"] for c in lines if c["method"] in ("Create", "Update")]
    gone = [c["urn"] for c in lines if c["method"] == "Delete"]
    for urn, resource in resources.items():
        needed = {*resource.get("dependencies", ()), resource.get("parent", "")}
        for other in sorted(needed.intersection(made)) if urn in made else ():
            if made.index(other) > made.index(urn):
                yield f"{urn} is made before {other}, which it needs"
        for other in sorted(needed.intersection(gone).difference(made)) if urn in gone else ():
            if gone.index(other) < gone.index(urn):
                yield f"{urn} is deleted after {other}, which it needs"


def differences(where: str, theirs: Json, ours: Json) -> Iterator[str]:
    """Where two values differ, the official first."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            yield from differences(f"{where} / {key}", theirs.get(key), ours.get(key))
    elif theirs != ours:
        yield f"{where}: {theirs!r} != {ours!r}"
