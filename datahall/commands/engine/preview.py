"""``datahall engine preview``."""

from dataclasses import replace
from pathlib import Path

from datahall.commands import _options as options
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
    json: options.Json = False,
) -> int:
    """Show what up would change; nothing is changed."""
    from datahall import engine
    from datahall.commands.engine._operate import finish, operate
    from datahall.output import Output

    output = Output(as_json=json)
    target = targets.open_stack(cwd, stack)
    asked = replace(
        target.options,
        plugin_path=targets.folders("--plugin-path", plugin_path),
        policy_packs=targets.folders("--policy-pack", policy_pack),
        parallel=options.check_parallel(parallel),
        expect_no_changes=expect_no_changes,
    )
    target = replace(target, options=asked)
    finish(target, output, operate("preview", engine.preview, target, output, planning=True, diff=diff))
    return 0
