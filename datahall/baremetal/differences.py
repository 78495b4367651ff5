"""What differs between a recorded pool and a wanted one, as paths that an engine can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from datahall.baremetal import converge, pool
from datahall.baremetal.converge import State
from datahall.engine.diff import changed_inputs
from datahall.engine.values import contains_unknown

Kind = tuple[str, bool]
"""The protocol's word (ADD, UPDATE, DELETE), and whether an input differs rather than an output."""

_TOUCHING: Final = ("digest", "inventory")
"""The inputs that hosts are converged for; where the playbooks lie is none."""


def differences(old: Mapping[str, Any], new: Mapping[str, Any], state: State) -> dict[str, Kind]:
    """Path -> how it differs; empty where no host has to be touched."""
    if contains_unknown(dict(new)):
        return {"inventory": ("UPDATE", True)}
    found = converge.difference(pool.read(new), state)
    if not found:
        return {}
    before, after = ({name: each.get(name) for name in _TOUCHING} for each in (old, new))
    shown: dict[str, Kind] = {
        path: (kind.upper(), True) for path, kind in changed_inputs(before, after).items()
    }
    for host in (*found.due, *found.gone):
        if tasks := state.drift.get(host):
            shown |= {f'drift["{host}"][{number}]': ("DELETE", False) for number in range(len(tasks))}
    shown |= {f'converged["{host}"]': ("DELETE", False) for host in found.gone}
    shown |= {
        f'converged["{host}"]': ("ADD" if host in found.come else "UPDATE", False) for host in found.due
    }
    return shown
