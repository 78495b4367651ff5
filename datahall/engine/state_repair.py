"""A state whose resources do not fit together is put in order, and what refers to nothing no longer does.

As with the official engine: each resource is put after what it needs; a reference to what is not recorded is
dropped; a child without its parent stands alone, and its URN says so. What lacks its provider is beyond
repair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datahall.engine import links
from datahall.engine import urn as urns
from datahall.engine.checkpoint import read_checkpoint, write_resources
from datahall.engine.errors import BrokenState, InvalidProject
from datahall.engine.integrity import DamagedState, check_integrity
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.order import in_order
from datahall.engine.project import Project
from datahall.engine.stack_options import stack_files
from datahall.engine.state import decode_state

Recorded = dict[str, Any]


def repair_state(project: Project, stack: str, options: Options, *, only_tell: bool = False) -> list[str]:
    """Repair a stack's record; returns what is changed, as sentences, none if it is good.

    The state before is kept as the backup. With `only_tell` nothing is written. Raises BrokenState for damage
    of another kind, and for what cannot be repaired, InvalidProject for a stack that is not there.
    """
    files = stack_files(project, stack, options)
    with locked(files, lambda _: None):
        checkpoint = read_checkpoint(files, fitting=False)
        if not checkpoint.exists:
            raise InvalidProject(f"stack: {stack}: no such stack in project {project.name}; name another")
        ordered = _in_order(checkpoint.resources)
        told = [
            f"moved after what it needs: {after['urn']}"
            for before, after in zip(checkpoint.resources, ordered, strict=True)
            if before is not after
        ]
        repaired = _pruned(ordered, told)
        try:
            check_integrity(repaired)
        except DamagedState as error:
            where = files.store.where(files.state.key())
            raise BrokenState(f"state: {where}: {error}: beyond repair; nothing was changed") from None
        if told and not only_tell:
            files.state.keep_backup()
            write_resources(files, repaired)
        return told


def _in_order(resources: Sequence[Recorded]) -> list[Recorded]:
    states = [decode_state(data, None) for data in resources]
    by_state = {id(state): data for state, data in zip(states, resources, strict=True)}
    return [by_state[id(state)] for state in in_order(states, {})]


def _pruned(ordered: Sequence[Recorded], told: list[str]) -> list[Recorded]:
    """The records without references to what does not stand before them; what is dropped is told."""
    now: dict[str, str] = {}  # URNs before to those after
    found = []
    for data in ordered:
        for word, urn in sorted({*links.recorded(data)}):
            if urn not in now:
                told.append(f"dropped the {word} {urn} of {data['urn']}")
        record = links.redirected_record(data, lambda urn: now.get(urn, ""))
        if not record.get("parent"):
            record.pop("parent", None)
        provider = links.provider_urn(data.get("provider") or "")
        if provider:  # a missing one cannot be dropped: the check before the write names it
            record["provider"] = now.get(provider, provider) + data["provider"].removeprefix(provider)
        parts = urns.parse(data["urn"])
        if data.get("parent"):
            record["urn"] = urns.make(
                parts.stack, parts.project, record.get("parent", ""), data["type"], parts.name
            )
        if record["urn"] != data["urn"]:
            told.append(f"renamed {data['urn']} to {record['urn']}")
        now[data["urn"]] = record["urn"]
        found.append(record)
    return found
