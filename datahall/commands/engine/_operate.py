"""Operations as the verbs show them."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

from rich.text import Text

from datahall import engine
from datahall.commands.engine._stream import streamed, streams
from datahall.commands.engine._target import Target
from datahall.embedded import call, show
from datahall.engine.config_edit import shown_config
from datahall.engine.digest import preview_digest
from datahall.engine.urn import name_of
from datahall.output import Output
from datahall.review import findings_text, tally
from datahall.runs import Outcome

Operation = Callable[[engine.Project, str, engine.Options], engine.Result]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How operations are shown: what differs, outputs, what stays and what is read; where events go."""

    diff: bool = False
    outputs: bool = True
    sames: bool = False
    reads: bool = False
    event_log: Path | None = None
    refreshing: bool = False


def operate(
    title: str,
    operation: Operation,
    target: Target,
    output: Output,
    *,
    planning: bool = False,
    shown: Shown,
) -> Outcome:
    """Run an operation and show it live; what a program prints never mixes with ``--json``.

    Raises:
        UserError: the user can mend what is wrong.
        OperationError: something failed.
    """
    streaming = output.as_json and streams(planning=planning)
    heard: list[engine.Event] = []
    results: list[engine.Result] = []
    passed: list[str] = []
    quiet = {engine.Op.SAME: "unchanged"} if shown.sames else {}
    quiet |= {engine.Op.READ: "read"} if shown.reads else {}
    dry_run = planning or target.options.expect_no_changes
    out = sys.stdout if streaming else None
    with (
        streamed(target, out, shown.event_log, planning=dry_run, refreshing=shown.refreshing) as hear,
        redirect_stdout(sys.stderr if output.as_json else sys.stdout),
    ):

        def run(on_event: Callable[[engine.Event], None]) -> engine.Result:
            def heard_by_all(event: engine.Event) -> None:
                on_event(event)
                hear(event)
                if isinstance(event, engine.ResourceDone) and event.op in quiet:
                    passed.append(f"  {quiet[event.op]}  {event.type}  {name_of(event.urn)}")
                if planning and output.as_json:
                    heard.append(event)

            options = replace(target.options, on_event=heard_by_all)
            results.append(operation(target.project, target.stack, options))
            return results[0]

        outcome = show(title, run, output, planning=planning, diff=shown.diff)
    if planning and outcome.tree is not None:
        output.say(outcome.tree)
    for line in passed:
        output.say(Text(line))
    if target.options.policy_packs:
        output.say(f"  policy packs: {tally(outcome.policy)}")
        found = findings_text(outcome.policy)
        if found is not None:
            output.say(found)
    if planning and output.as_json and not streaming:
        config = call(lambda: shown_config(target.project, target.stack))
        outputs = dict(outcome.outputs) if shown.outputs else {}
        told = {"stack": target.stack, **outcome.as_json(), "outputs": outputs}
        output.result({**preview_digest(heard, results[0], config), **told})
    return outcome


def finish(output: Output, outcome: Outcome, *, outputs: bool = True) -> None:
    """Tell the outputs if wanted."""
    for name, value in (outcome.outputs if outputs else {}).items():
        output.say(Text(f"  {name}: {value}"))  # `[secret]` is no markup
