"""What was asked, and where it is written down."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("EMULATED_GPU_ROOT", "/"))
KEPT = ROOT / "etc/gpu-settings.json"
TIMEOUT_S = 60


class SettingsError(Exception):
    """It cannot be set so; field, value, rule, fix."""


@dataclass(frozen=True)
class Asked:
    """What is to be: power limit in W (0: the GPU's own), clocks as [lowest, highest] in MHz."""

    persistence: bool = True
    power_limit: int = 0
    clocks: Sequence[int] = ()
    mig_profiles: Sequence[str] = ()
    units: Sequence[str] = ()
    """Those that run, and start at boot."""
    stopped: Sequence[str] = ()
    """Those that do not."""

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            name: list(told) if isinstance(told, (list, tuple)) else told for name, told in vars(self).items()
        }


def kept() -> Asked | None:
    """What was written down."""
    try:
        return Asked(**json.loads(KEPT.read_text()))
    except FileNotFoundError:
        return None


def write(file: Path, told: object) -> None:
    """Whole or not at all."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(told, sort_keys=True) + "\n")
    new.replace(file)
