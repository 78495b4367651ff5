"""Record what the official engine does: `python -m tests.engine.conformance.record [LIFE...]`.

It is to lie on PATH. One file a life in `tests/engine/recorded/lives`; of each step's state only what
differs from the step before.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from .lives import CONFIGS
from .sides import Side
from .step import Json, steps_of
from .themes import ALL

RECORDED: Final = Path(__file__).parents[1] / "recorded" / "lives"


def file_of(life: str) -> Path:
    """Where a life is recorded."""
    return RECORDED / f"{life.replace(' ', '-').replace(',', '')}.json"


def changed(before: dict[str, Json], now: dict[str, Json]) -> dict[str, Json]:
    """The resources that differ; None for those that are gone."""
    return {urn: now.get(urn) for urn in sorted({*before, *now}) if before.get(urn) != now.get(urn)}


def _record(life: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        side = Side(Path(folder) / "side", CONFIGS.get(life, ""), official=True)
        states: dict[str, dict[str, Json]] = {}
        lines = []
        for name, step in steps_of(ALL[life]):
            seen = side.live(step)
            before, states[step.stack] = states.get(step.stack, {}), seen["state"]
            seen = {"step": name, **seen, "state": changed(before, seen["state"])}
            lines.append(json.dumps(seen, ensure_ascii=False))
    RECORDED.mkdir(exist_ok=True)
    file_of(life).write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    for one in sys.argv[1:] or ALL:
        _record(one)
        print(one, flush=True)
