"""The options of ``datahall up``."""

from dataclasses import dataclass
from pathlib import Path

from datahall.context import Context
from datahall.runs import Request


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """As they were typed."""

    yes: bool
    diff: bool
    parallel: int
    expect_no_changes: bool
    port: int | None
    workers: int | None

    def request(
        self, context: Context, region: str, endpoint: str | None, inventory: Path | None = None
    ) -> Request:
        """The run of the engine that they ask for."""
        return context.request(
            endpoint=endpoint,
            region=region,
            yes=self.yes,
            diff=self.diff,
            parallel=self.parallel,
            expect_no_changes=self.expect_no_changes,
            inventory=inventory,
        )
