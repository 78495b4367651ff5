"""``datahall engine destroy``."""

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

Remove = Annotated[bool, Parameter(help="Remove the stack and its configuration file too.")]


def destroy(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    skip_preview: control.Skip = False,
    preview_only: Annotated[bool, Parameter(negative=(), help="Only list what would be deleted.")] = False,
    remove: Remove = False,
    plugin_path: targets.Plugins = (),
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    provider_timeout: control.Timeout = None,
    which: control.Targets = control.ALL,
    exclude_protected: Annotated[
        bool, Parameter(negative=(), help="Leave protected resources, and what they need.")
    ] = False,
    continue_on_error: control.ContinueOnError = False,
    refresh: control.Refresh = False,
    message: control.Message = "",
    config: control.Config = (),
    config_path: control.ConfigPath = False,
    suppress_outputs: control.SuppressOutputs = False,
    event_log: EventLog = None,
    look: looks.Look = looks.DEFAULT,
    json: options.Json = False,
) -> int:
    """Delete all resources of the stack; the empty stack stays, without --remove."""
    from datahall import engine
    from datahall.commands.engine._operate import Shown, finish, operate
    from datahall.embedded import call

    which.check()
    output = look.output(as_json=json)
    shown = Shown(diff=diff, event_log=event_log)
    target = targets.open_stack(cwd, stack)
    control.check_skip(skip_preview, yes=yes, preview_only=preview_only, how="listed")
    targets.set_values(target, "--config", config, path=config_path)
    asked = replace(
        target.options,
        plugin_path=targets.folders("--plugin-path", plugin_path),
        parallel=options.check_parallel(parallel),
        provider_timeout=control.seconds(provider_timeout),
        target=which.target,
        target_dependents=which.target_dependents,
        exclude=which.exclude,
        exclude_dependents=which.exclude_dependents,
        exclude_protected=exclude_protected,
        continue_on_error=continue_on_error,
        refresh=refresh,
        message=message,
    )
    target = replace(target, options=asked)
    if preview_only or not yes:
        if not preview_only:
            targets.check_terminal(asks=not look.non_interactive)
        going = call(lambda: engine.deletions(target.project, target.stack, target.options))
        for resource in going:
            output.say(f"  - {resource.type}  {resource.name}")
        if preview_only:
            changes = {"delete": len(going)} if going else {}
            output.result({"stack": target.stack, "changes": changes, "changed": bool(going)})
            return 0
        targets.confirm(f"Delete all this in {target.stack}?", yes=yes, asks=not look.non_interactive)
    outcome = operate("destroy", engine.destroy, target, output, shown=shown)
    if remove:
        targets.remove(target)
    finish(output, outcome, outputs=not suppress_outputs)
    return 0
