"""``datahall engine preview``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _control as control
from datahall.commands.engine import _look as looks
from datahall.commands.engine import _target as targets
from datahall.commands.engine._stream import EventLog


def preview(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    plugin_path: targets.Plugins = (),
    policy_pack: targets.Packs = (),
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    provider_timeout: control.Timeout = None,
    expect_no_changes: options.ExpectNoChanges = False,
    which: control.Targets = control.ALL,
    replaced: Annotated[control.Replace, Parameter(name="--replace")] = (),
    target_replace: control.TargetReplace = (),
    refresh: control.Refresh = False,
    config: control.Config = (),
    config_path: control.ConfigPath = False,
    save_plan: control.SavePlan = None,
    suppress_outputs: control.SuppressOutputs = False,
    show_sames: control.ShowSames = False,
    show_reads: control.ShowReads = False,
    event_log: EventLog = None,
    look: looks.Look = looks.DEFAULT,
    json: options.Json = False,
) -> int:
    """Show what up would change; nothing is changed."""
    from datahall import engine
    from datahall.commands.engine._operate import Shown, finish, operate

    output = look.output(as_json=json)
    target = targets.open_stack(cwd, stack)
    targets.set_values(target, "--config", config, path=config_path)
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
        refresh=refresh,
        save_plan=save_plan.resolve() if save_plan is not None else None,
    )
    target = replace(target, options=asked)
    shown = Shown(
        diff=diff, outputs=not suppress_outputs, sames=show_sames, reads=show_reads, event_log=event_log
    )
    outcome = operate("preview", engine.preview, target, output, planning=True, shown=shown)
    if save_plan is not None:
        output.say(f"  plan: {save_plan}, for up --plan {save_plan}")
    finish(output, outcome, outputs=not suppress_outputs)
    return 0
