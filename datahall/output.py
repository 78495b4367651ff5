"""How datahall talks: stages with live progress on a terminal, plain lines elsewhere, JSON when asked.

With ``--json`` the result is the only thing on stdout; progress goes to stderr.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_TITLE_WIDTH = 14
_LOG_WIDTH = 160
Color = Literal["auto", "always", "never"]
_COLOURS: dict[Color, Literal["auto", "standard"] | None] = {
    "auto": "auto",
    "always": "standard",
    "never": None,
}


@dataclass
class Stage:
    """One step of a command, while it runs."""

    title: str
    console: Console
    summary: str = ""
    body: Callable[[], RenderableType] | None = None
    started: float = field(default_factory=time.monotonic)

    def line(self, text: str) -> None:
        """Progress for whoever reads a log; a terminal shows the live body instead."""
        if not self.console.is_interactive:
            self.console.print(f"  {text}", soft_wrap=True, markup=False)

    def seconds(self) -> float:
        """How long it has been running, in seconds."""
        return time.monotonic() - self.started


class Output:
    """Where a command's progress and its result go."""

    def __init__(self, *, as_json: bool, color: Color = "auto", live: bool = True) -> None:
        self.as_json = as_json
        # A log file has no width of its own; nothing in it should be folded at a terminal's.
        stream = sys.stderr if as_json else sys.stdout
        self.console = Console(
            file=stream,
            highlight=False,
            width=None if stream.isatty() else _LOG_WIDTH,
            color_system=_COLOURS[color],
            no_color={"auto": None, "always": False, "never": True}[color],
            force_interactive=None if live else False,
        )

    def say(self, renderable: RenderableType = "") -> None:
        """Something for people to read."""
        wide = isinstance(renderable, str | Text) and not self.console.is_terminal
        self.console.print(renderable, soft_wrap=wide)

    def result(self, payload: Mapping[str, Any]) -> None:
        """The result, for programs to read; nothing without ``--json``."""
        if self.as_json:
            print(json.dumps(payload, indent=2, default=str))

    @contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Show a step while it runs, and one line of what came of it."""
        stage = Stage(title, self.console)
        spinner = Spinner("dots", style="cyan")
        live = Live(
            get_renderable=lambda: _running(stage, spinner),
            console=self.console,
            refresh_per_second=10,
            transient=True,
            vertical_overflow="ellipsis",
        )
        try:
            if self.console.is_interactive:
                with live:
                    yield stage
            else:
                yield stage
        except BaseException:
            self.say(_line("[red]✗[/]", stage))
            raise
        self.say(_line("[green]✓[/]", stage))


def _line(mark: str, stage: Stage) -> Text:
    title = f"[bold]{stage.title:<{_TITLE_WIDTH}}[/]"
    return Text.from_markup(f"{mark} {title} {stage.summary} [dim]{stage.seconds():.1f} s[/]")


def _running(stage: Stage, spinner: Spinner) -> RenderableType:
    row = Table.grid(padding=(0, 1))
    seconds = Text(f"{stage.seconds():.0f} s", style="dim")
    row.add_row(spinner, Text(stage.title.ljust(_TITLE_WIDTH), style="bold"), stage.summary, seconds)
    return Group(row, stage.body()) if stage.body else row
