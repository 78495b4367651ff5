"""``datahall engine refresh``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _control as control
from datahall.commands.engine import _look as looks
from datahall.commands.engine import _target as targets
from datahall.commands.engine._stream import EventLog
from datahall.commands.engine.up import Yes

PreviewOnly = Annotated[bool, Parameter(help="Only show what differs; nothing is recorded.")]


def refresh(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    skip_preview: control.Skip = False,
    preview_only: PreviewOnly = False,
    plugin_path: targets.Plugins = (),
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    provider_timeout: control.Timeout = None,
    expect_no_changes: options.ExpectNoChanges = False,
    which: control.Targets = control.ALL,
    message: control.Message = "",
    config: control.Config = (),
    config_path: control.ConfigPath = False,
    suppress_outputs: control.SuppressOutputs = False,
    show_sames: control.ShowSames = False,
    event_log: EventLog = None,
    look: looks.Look = looks.DEFAULT,
    json: options.Json = False,
) -> int:
    """Record what the providers say the resources are now; the resources themselves do not change."""
    from datahall import engine
    from datahall.commands.engine._operate import Shown, finish, operate

    which.check()
    output = look.output(as_json=json)
    shown = Shown(diff=diff, sames=show_sames, event_log=event_log, refreshing=True)
    target = targets.open_stack(cwd, stack)
    control.check_skip(skip_preview, yes=yes, preview_only=preview_only)
    if not (yes or preview_only):
        targets.check_terminal(asks=not look.non_interactive)
    targets.set_values(target, "--config", config, path=config_path)
    with engine.PluginPool() as pool:
        asked = replace(
            target.options,
            plugin_path=targets.folders("--plugin-path", plugin_path),
            parallel=options.check_parallel(parallel),
            provider_timeout=control.seconds(provider_timeout),
            expect_no_changes=expect_no_changes,
            target=which.target,
            target_dependents=which.target_dependents,
            exclude=which.exclude,
            exclude_dependents=which.exclude_dependents,
            message=message,
            pool=pool,
        )
        target = replace(target, options=asked)
        if preview_only or not (skip_preview or expect_no_changes):  # the last writes only what is the same
            outcome = operate("preview", engine.preview_refresh, target, output, planning=True, shown=shown)
        if not preview_only:
            if not (skip_preview or expect_no_changes):
                targets.confirm(f"Record this in {target.stack}?", yes=yes, asks=not look.non_interactive)
            outcome = operate("refresh", engine.refresh, target, output, shown=shown)
    finish(output, outcome, outputs=not suppress_outputs)
    return 0
