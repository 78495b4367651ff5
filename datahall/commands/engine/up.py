"""``datahall engine up``."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _control as control
from datahall.commands.engine import _look as looks
from datahall.commands.engine import _target as targets
from datahall.commands.engine._stream import EventLog

Yes = Annotated[bool, Parameter(name=["--yes", "-y"], help="Do not ask.")]
Secrets = Annotated[bool, Parameter(negative=(), help="Show secrets among the outputs at the end.")]


def up(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    skip_preview: control.Skip = False,
    plugin_path: targets.Plugins = (),
    policy_pack: targets.Packs = (),
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    provider_timeout: control.Timeout = None,
    expect_no_changes: options.ExpectNoChanges = False,
    which: control.Targets = control.ALL,
    replaced: Annotated[control.Replace, Parameter(name="--replace")] = (),
    target_replace: control.TargetReplace = (),
    continue_on_error: control.ContinueOnError = False,
    refresh: control.Refresh = False,
    config: control.Config = (),
    config_path: control.ConfigPath = False,
    plan: control.Plan = None,
    strict: Annotated[bool, Parameter(negative=(), help="Do nothing but what the preview told.")] = False,
    message: control.Message = "",
    suppress_outputs: control.SuppressOutputs = False,
    show_sames: control.ShowSames = False,
    show_reads: control.ShowReads = False,
    show_secrets: Secrets = False,
    event_log: EventLog = None,
    look: looks.Look = looks.DEFAULT,
    json: options.Json = False,
) -> int:
    """Bring the stack to what the program asks for: a preview, a question, the update."""
    from datahall import engine
    from datahall.commands.engine._operate import Shown, finish, operate
    from datahall.embedded import call
    from datahall.errors import UserError

    output = look.output(as_json=json)
    shown = Shown(
        diff=diff, outputs=not suppress_outputs, sames=show_sames, reads=show_reads, event_log=event_log
    )
    target = targets.open_stack(cwd, stack)
    control.check_skip(skip_preview, yes=yes)
    if not yes:
        targets.check_terminal(asks=not look.non_interactive)
    if strict and (skip_preview or expect_no_changes or plan is not None):
        with_ = "--plan" if plan is not None else "--skip-preview or --expect-no-changes"
        raise UserError("--strict", "given", f"it cannot be mixed with {with_}", "give one of them")
    targets.set_values(target, "--config", config, path=config_path)
    with engine.PluginPool() as pool, TemporaryDirectory() as folder:
        asked = replace(
            target.options,
            plugin_path=targets.folders("--plugin-path", plugin_path),
            policy_packs=targets.folders("--policy-pack", policy_pack),
            parallel=options.check_parallel(parallel),
            provider_timeout=control.seconds(provider_timeout),
            expect_no_changes=expect_no_changes,
            target=control.with_replaced(which, target_replace),
            target_dependents=which.target_dependents,
            exclude=which.exclude,
            exclude_dependents=which.exclude_dependents,
            replace=(*replaced, *target_replace),
            continue_on_error=continue_on_error,
            refresh=refresh,
            plan=plan.resolve() if plan is not None else None,
            message=message,
            pool=pool,
        )
        target = replace(target, options=asked)
        if not skip_preview and not expect_no_changes:  # which is a preview itself
            told = Path(folder) / "plan.json" if strict else None
            planning = replace(target, options=replace(asked, save_plan=told))
            operate("preview", engine.preview, planning, output, planning=True, shown=shown)
            if strict:
                target = replace(target, options=replace(asked, plan=told))
            targets.confirm(f"Update {target.stack}?", yes=yes, asks=not look.non_interactive)
        outcome = operate("update", engine.up, target, output, shown=shown)
        if show_secrets:
            state = call(
                lambda: engine.read_stack(target.project, target.stack, target.options, show_secrets=True)
            )
            outcome = replace(outcome, outputs=state.outputs if state else {})
    finish(output, outcome, outputs=not suppress_outputs)
    return 0
