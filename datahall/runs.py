"""One run of an engine, whichever it is: what is asked of it, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datahall.environments import Environment
from datahall.paths import Home

if TYPE_CHECKING:
    from rich.console import RenderableType

    from datahall.engine import PluginPool

_NO_CHANGE = {"same", "read"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an engine is asked to do.

    ``variables`` are for the engine, its plugins, packs and the program; ``pool`` keeps the embedded
    engine's plugins for the next run.
    """

    root: Path
    home: Home
    environment: Environment
    variables: Mapping[str, str] = field(default_factory=dict)
    plugin_path: Sequence[Path] = ()
    parallel: int = 16
    diff: bool = False
    expect_no_changes: bool = False
    yes: bool = False
    quiet_stdout: bool = False
    pool: "PluginPool | None" = None

    @property
    def policy_packs(self) -> list[Path]:
        """The packs that review every run."""
        return [self.root / "policies"]

    @property
    def state_file(self) -> Path:
        """The stack's checkpoint in our backend."""
        return self.home.state_file(self.environment.name)


@dataclass(frozen=True)
class Outcome:
    """How many resources met which operation, and what the policy pack found."""

    changes: Mapping[str, int]
    policy: Sequence[Mapping[str, str]] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    tree: "RenderableType | None" = None

    @property
    def changed(self) -> bool:
        """Whether anything was changed, or would be."""
        return any(count for op, count in self.changes.items() if op not in _NO_CHANGE)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"changes": dict(self.changes), "changed": self.changed, "policy": list(self.policy)}
