"""The official engine and ours, on the same programs: same URNs, same provider calls, same state.

Two clouds, two backends, one life each; compared after every step. Runs where a `pulumi` and its Python
language host lie on PATH. Ids, times, labels and the providers' identifiers are masked: each is random.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .lives import CONFIGS
from .sides import Side, needs_official
from .step import compared, steps_of
from .themes import ALL

pytestmark = needs_official


@pytest.mark.parametrize("life", ALL)
def test_a_life_is_the_same(life: str, tmp_path: Path) -> None:
    config = CONFIGS.get(life, "")
    theirs = Side(tmp_path / "official", config, official=True)
    ours = Side(tmp_path / "ours", config, official=False)
    for name, step in steps_of(ALL[life]):
        if found := list(compared(name, step, theirs.live(step), ours.live(step))):
            pytest.fail("\n".join(found))
