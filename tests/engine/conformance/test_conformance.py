"""The official engine and ours, on the same programs: same URNs, same provider calls, same state.

Two clouds, two backends, one life each; compared after every step. Runs where a `pulumi` and its Python
language host lie on PATH. Ids, times, labels and the providers' identifiers are masked: each is random.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .lives import CONFIGS, LIVES
from .sides import Json, Side, differences, needs_official

pytestmark = needs_official


@pytest.mark.parametrize("life", LIVES)
def test_a_life_is_the_same(life: str, tmp_path: Path) -> None:
    config = CONFIGS.get(life, "")
    theirs = Side(tmp_path / "official", config, official=True)
    ours = Side(tmp_path / "ours", config, official=False)
    steps = [(f"program {n}", "up", text) for n, text in enumerate(LIVES[life], 1)]
    steps += [("no change", "up", LIVES[life][-1]), ("the end", "destroy", LIVES[life][-1])]
    for name, verb, text in steps:
        seen: list[Json] = []
        for side in (theirs, ours):
            side.program(text)
            code = side.step(verb)
            seen.append(
                {
                    "exit code": code,
                    "calls": side.calls(),
                    "inventory": side.inventory(),
                    "changes": side.changes(),
                    "state": side.state(),
                }
            )
        if found := list(differences(name, *seen)):
            pytest.fail("\n".join(found))
