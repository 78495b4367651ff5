"""``datahall engine preview``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _control as control
from datahall.commands.engine import _target as targets


def preview(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    plugin_path: targets.Plugins = (),
    policy_pack: targets.Packs = (),
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    expect_no_changes: options.ExpectNoChanges = False,
    which: control.Targets = control.ALL,
    replaced: Annotated[control.Replace, Parameter(name="--replace")] = (),
    target_replace: control.TargetReplace = (),
    refresh: control.Refresh = False,
    config: control.Config = (),
    config_path: control.ConfigPath = False,
    save_plan: control.SavePlan = None,
    suppress_outputs: control.SuppressOutputs = False,
    json: options.Json = False,
) -> int:
    """Show what up would change; nothing is changed."""
    from datahall import engine
    from datahall.commands.engine._operate import finish, operate
    from datahall.embedded import call
    from datahall.engine.config_edit import shown_config
    from datahall.engine.digest import preview_digest
    from datahall.output import Output

    output = Output(as_json=json)
    target = targets.open_stack(cwd, stack)
    targets.set_values(target, "--config", config, path=config_path)
    asked = replace(
        target.options,
        plugin_path=targets.folders("--plugin-path", plugin_path),
        policy_packs=targets.folders("--policy-pack", policy_pack),
        parallel=options.check_parallel(parallel),
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
    heard: list[engine.Event] = []
    results: list[engine.Result] = []

    def run(project: engine.Project, name: str, given: engine.Options) -> engine.Result:
        def hear(event: engine.Event) -> None:
            heard.append(event)
            if given.on_event is not None:
                given.on_event(event)

        results.append(engine.preview(project, name, replace(given, on_event=hear)))
        return results[0]

    outcome = operate("preview", run, target, output, planning=True, diff=diff)
    if save_plan is not None:
        output.say(f"  plan: {save_plan}, for up --plan {save_plan}")
    used = call(lambda: shown_config(target.project, target.stack))
    finish(
        target,
        output,
        outcome,
        outputs=not suppress_outputs,
        digest=lambda: preview_digest(heard, results[0], used),
    )
    return 0
