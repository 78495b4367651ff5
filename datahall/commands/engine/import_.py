"""``datahall engine import``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _control as control
from datahall.commands.engine import _look as looks
from datahall.commands.engine import _target as targets
from datahall.commands.engine._stream import EventLog
from datahall.commands.engine.refresh import PreviewOnly
from datahall.commands.engine.up import Yes

if TYPE_CHECKING:
    from datahall.engine.import_file import Wanted

Given = Annotated[
    tuple[str, ...], Parameter(help="TYPE NAME ID, like cloud:index:Thing mine id-1 (else: --file).")
]
Parent = Annotated[str, Parameter(help="The parent: NAME=URN, NAME being what the program calls it.")]
Provider = Annotated[str, Parameter(help="The provider, in the same way (default: the package's own).")]
Properties = Annotated[
    tuple[str, ...],
    Parameter(help="Record only these of its inputs: NAME,NAME; may be repeated.", negative=()),
]
Of = Annotated[Path | None, Parameter(name=["--file", "-f"], help="A JSON file of many.", show_default=False)]
Out = Annotated[
    Path | None, Parameter(name=["--out", "-o"], help="Write the code to a file.", show_default=False)
]
Protect = Annotated[bool, Parameter(help="Protect them against deletion.")]
Generate = Annotated[bool, Parameter(help="Tell the code that the program needs.")]


def import_(
    given: Given = (),
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    file: Of = None,
    parent: Parent = "",
    provider: Provider = "",
    properties: Properties = (),
    protect: Protect = True,
    generate_code: Generate = True,
    out: Out = None,
    yes: Yes = False,
    preview_only: PreviewOnly = False,
    skip_preview: Annotated[control.Skip, Parameter(name="--skip-preview")] = False,
    plugin_path: targets.Plugins = (),
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    provider_timeout: control.Timeout = None,
    message: control.Message = "",
    event_log: EventLog = None,
    look: looks.Look = looks.DEFAULT,
    json: options.Json = False,
) -> int:
    """Make what is there already the stack's own, protected by default; nothing is created or changed."""
    from datahall import engine
    from datahall.commands.engine._operate import Shown, finish, operate

    output = look.output(as_json=json)
    shown = Shown(diff=diff, event_log=event_log)
    target = targets.open_stack(cwd, stack)
    names = [name.strip() for each in properties for name in each.split(",") if name.strip()]
    wanted = _wanted(target, given, file, parent=parent, provider=provider, properties=names)
    control.check_skip(skip_preview, yes=yes, preview_only=preview_only)
    if not (yes or preview_only):
        targets.check_terminal(asks=not look.non_interactive)
    with engine.PluginPool() as pool:
        asked = replace(
            target.options,
            plugin_path=targets.folders("--plugin-path", plugin_path),
            parallel=options.check_parallel(parallel),
            provider_timeout=control.seconds(provider_timeout),
            message=message,
            pool=pool,
        )
        target = replace(target, options=asked)

        def preview(project: engine.Project, name: str, asked: engine.Options) -> engine.Result:
            return engine.preview_import(
                project, name, asked, list(wanted.resources.values()), protect=protect
            )

        def record(project: engine.Project, name: str, asked: engine.Options) -> engine.Result:
            return engine.import_resources(
                project, name, asked, list(wanted.resources.values()), protect=protect
            )

        if not skip_preview:
            outcome = operate("preview", preview, target, output, planning=True, shown=shown)
        if not preview_only:
            targets.confirm(f"Import this into {target.stack}?", yes=yes, asks=not look.non_interactive)
            outcome = operate("import", record, target, output, shown=shown)
    code = _code(target, wanted) if generate_code and not preview_only else ""
    if code and out is not None:
        out.write_text(code, encoding="utf-8")
        output.say(f"  code: {out}")
    elif code and not json:
        print(f"\nThe program does not have them yet: without this code, the next up deletes them.\n\n{code}")
    finish(output, outcome, outputs=False)
    return 0


def _wanted(
    target: targets.Target,
    given: tuple[str, ...],
    file: Path | None,
    *,
    parent: str,
    provider: str,
    properties: list[str],
) -> "Wanted":
    from datahall.embedded import call
    from datahall.engine import import_file
    from datahall.errors import UserError

    stack, project = target.stack, target.project.name
    if file is not None:
        if given or parent or provider or properties:
            raise UserError("--file", str(file), "cannot be mixed with a resource given here", "give one")
        try:
            content = file.read_bytes()
        except OSError as error:
            raise UserError(
                "--file", str(file), f"cannot be read ({error.strerror})", "give another"
            ) from None
        return call(lambda: import_file.many_resources(stack, project, content))
    if len(given) != 3:
        said = " ".join(given) or "missing"
        raise UserError("resource", said, "TYPE NAME ID are needed", "give the three, or a --file")
    type_, name, id_ = given
    return call(
        lambda: import_file.one_resource(
            stack, project, (type_, name, id_), parent=parent, provider=provider, properties=properties
        )
    )


def _code(target: targets.Target, wanted: "Wanted") -> str:
    """Code for what is recorded of it now, in the order of the state."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.engine.declarations import declarations, needs_names

    recorded = call(lambda: engine.read_stack(target.project, target.stack, target.options))
    states = [
        state
        for state in (recorded.resources if recorded else [])
        if state.urn in wanted.resources and not state.delete
    ]
    needed = needs_names(states, wanted.names)
    told = f"# {', '.join(needed)}: as in your program\n" if needed else ""
    return told + declarations(states, wanted.names)
