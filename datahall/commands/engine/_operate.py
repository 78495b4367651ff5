"""Operations as the verbs show them."""

import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

from rich.text import Text

from datahall import engine
from datahall.commands.engine._target import Target
from datahall.embedded import show
from datahall.output import Output
from datahall.review import findings_text, tally
from datahall.runs import Outcome

Operation = Callable[[engine.Project, str, engine.Options], engine.Result]


def operate(
    title: str,
    operation: Operation,
    target: Target,
    output: Output,
    *,
    planning: bool = False,
    diff: bool = False,
) -> Outcome:
    """Run an operation and show it live; what a program prints never mixes with ``--json``.

    Raises:
        UserError: the user can mend what is wrong.
        OperationError: something failed.
    """

    def run(on_event: Callable[[engine.Event], None]) -> engine.Result:
        return operation(target.project, target.stack, replace(target.options, on_event=on_event))

    with redirect_stdout(sys.stderr if output.as_json else sys.stdout):
        outcome = show(title, run, output, planning=planning, diff=diff)
    if planning and outcome.tree is not None:
        output.say(outcome.tree)
    if target.options.policy_packs:
        output.say(f"  policy packs: {tally(outcome.policy)}")
        found = findings_text(outcome.policy)
        if found is not None:
            output.say(found)
    return outcome


def finish(
    target: Target,
    output: Output,
    outcome: Outcome,
    *,
    outputs: bool = True,
    digest: Callable[[], Mapping[str, Any]] = dict,
) -> None:
    """Tell the outputs if wanted, and the whole as JSON, with the official CLI's digest if there is one."""
    shown = dict(outcome.outputs) if outputs else {}
    for name, value in shown.items():
        output.say(Text(f"  {name}: {value}"))  # `[secret]` is no markup
    whole = digest() if output.as_json else {}
    output.result({**whole, "stack": target.stack, **outcome.as_json(), "outputs": shown})
