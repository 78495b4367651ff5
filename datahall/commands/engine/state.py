"""``datahall engine state``: list, show, delete, rename, move, repair, protect, unprotect, taint, untaint."""

import json as jsons
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _target as targets
from datahall.commands.engine.up import Yes

UrnName = Annotated[str, Parameter(help="The resource's URN.")]
_OTHER = " (of another project: organization/PROJECT/STACK)."
Urns = Annotated[tuple[str, ...], Parameter(help="URNs of resources.")]
_MARKS = ("protect", "taint", "delete", "external")
All = Annotated[bool, Parameter(name="--all", help="All resources of the stack.")]


def list_(*, cwd: targets.Folder = Path("."), stack: targets.Stack = None, json: options.Json = False) -> int:
    """List the recorded resources, in the order of the state."""
    from datahall import engine
    from datahall.embedded import call

    target = targets.open_stack(cwd, stack)
    recorded = call(lambda: engine.read_stack(target.project, target.stack, target.options))
    resources = recorded.resources if recorded else []
    if json:
        _print([_line(state) for state in resources])
        return 0
    for state in resources:
        marks = "".join(f"  ({word})" for word in _MARKS if getattr(state, word))
        print(f"{state.urn}{marks}")
    return 0


def show(
    urn: UrnName,
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    show_secrets: targets.ShowSecrets = False,
    json: options.Json = False,
) -> int:
    """Show one recorded resource; secrets are `[secret]` without --show-secrets."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.engine.values import masked, without_secrets
    from datahall.errors import UserError

    target = targets.open_stack(cwd, stack)
    recorded = call(
        lambda: engine.read_stack(target.project, target.stack, target.options, show_secrets=show_secrets)
    )
    found = [state for state in (recorded.resources if recorded else []) if state.urn == urn]
    if not found:
        raise UserError("urn", urn, "no such resource in the state", "see datahall engine state list")
    told = []
    for state in found:
        inputs, outputs = (
            masked(without_secrets(values) if show_secrets else values)
            for values in (state.inputs, state.outputs)
        )
        needs = {"dependencies": list(state.dependencies), "parent": state.parent, "provider": state.provider}
        told.append({**_line(state), **needs, "inputs": inputs, "outputs": outputs})
    if json:
        _print(told)
        return 0
    for each in told:
        for key, value in each.items():
            print(f"{key:<14} {value if isinstance(value, str) else jsons.dumps(value, ensure_ascii=False)}")
    return 0


def delete(
    urns: Urns = (),
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    force: Annotated[bool, Parameter(help="Also protected resources.")] = False,
    target_dependents: Annotated[bool, Parameter(help="Also all that needs them.")] = False,
    all_: All = False,
) -> int:
    """Take resources out of the state; what they stand for is not deleted."""
    from datahall.embedded import call
    from datahall.engine import state_edit

    target = targets.open_stack(cwd, stack)
    _check_given(urns, all_=all_)
    targets.confirm(f"Take {', '.join(urns) or 'all resources'} out of the state of {target.stack}?", yes=yes)
    gone = call(
        lambda: state_edit.delete_states(
            target.project,
            target.stack,
            target.options,
            None if all_ else urns,
            force=force,
            target_dependents=target_dependents,
        )
    )
    for urn in gone:
        print(f"forgot {urn}")
    return 0


def rename(
    urn: UrnName,
    name: Annotated[str, Parameter(help="The new name.")],
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
) -> int:
    """Give a recorded resource another name, also wherever it is referred to."""
    from datahall.embedded import call
    from datahall.engine import state_edit

    target = targets.open_stack(cwd, stack)
    targets.confirm(f"Rename {urn} to {name} in {target.stack}?", yes=yes)
    new = call(lambda: state_edit.rename_state(target.project, target.stack, target.options, urn, name))
    print(f"renamed to {new}")
    return 0


def protect(
    urns: Urns = (),
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    all_: All = False,
) -> int:
    """Protect resources against deletion, until the program next says otherwise."""
    return _set_mark(cwd, stack, urns, "protect", all_=all_, yes=yes, on=True)


def unprotect(
    urns: Urns = (),
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    all_: All = False,
) -> int:
    """Take away resources' protection, until the program next says otherwise."""
    return _set_mark(cwd, stack, urns, "protect", all_=all_, yes=yes, on=False)


def taint(
    urns: Urns, /, *, cwd: targets.Folder = Path("."), stack: targets.Stack = None, yes: Yes = False
) -> int:
    """Have the next update replace resources, changed or not."""
    return _set_mark(cwd, stack, urns, "taint", all_=False, yes=yes, on=True)


def untaint(
    urns: Urns = (),
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    all_: All = False,
) -> int:
    """Take that mark away."""
    return _set_mark(cwd, stack, urns, "taint", all_=all_, yes=yes, on=False)


def move(
    urns: Urns,
    /,
    *,
    source: Annotated[str, Parameter(help=f"The stack that has them{_OTHER}")] = "",
    dest: Annotated[str, Parameter(help=f"The stack that gets them{_OTHER}")] = "",
    cwd: targets.Folder = Path("."),
    include_parents: Annotated[bool, Parameter(help="Also their parents.")] = False,
    yes: Yes = False,
) -> int:
    """Move resources, and their children, to another stack's state; their providers are copied."""
    from datahall.embedded import call
    from datahall.engine import state_move
    from datahall.errors import UserError

    for flag, given in (("--source", source), ("--dest", dest)):
        if not given:
            raise UserError(flag, "missing", "two stacks are needed", f"give {flag} STACK")
    project, asked = targets.open_project(cwd)

    def run(*, only_tell: bool) -> state_move.Move:
        return call(
            lambda: state_move.move_states(
                project,
                source,
                dest,
                asked,
                urns,
                include_parents=include_parents,
                only_tell=only_tell,
            )
        )

    told = run(only_tell=True)
    for urn in told.moved:
        print(f"move {urn}")
    for line in told.lost:
        print(f"no longer refers across the stacks: {line}")
    targets.confirm(f"Move this from {source} to {dest}?", yes=yes)
    for urn in run(only_tell=False).moved.values():
        print(f"moved to {urn}")
    return 0


def repair(*, cwd: targets.Folder = Path("."), stack: targets.Stack = None, yes: Yes = False) -> int:
    """Put a damaged record in order, and drop references to what is not recorded."""
    from datahall.embedded import call
    from datahall.engine import state_repair
    from datahall.errors import UserError

    project, asked = targets.open_project(cwd)
    if stack is None:
        raise UserError("--stack", "missing", "a damaged state is repaired by its name", "give --stack")
    told = call(lambda: state_repair.repair_state(project, stack, asked, only_tell=True))
    for line in told:
        print(line)
    if not told:
        print(f"{stack} needs no repair")
        return 0
    targets.confirm(f"Repair {stack} like this?", yes=yes)
    call(lambda: state_repair.repair_state(project, stack, asked))
    print(f"repaired {stack}; the state before is kept beside it")
    return 0


def _set_mark(
    cwd: Path, stack: str | None, urns: tuple[str, ...], mark: str, *, all_: bool, yes: bool, on: bool
) -> int:
    from datahall.embedded import call
    from datahall.engine import state_edit

    target = targets.open_stack(cwd, stack)
    _check_given(urns, all_=all_)
    verb = mark if on else f"un{mark}"
    targets.confirm(f"{verb.capitalize()} {', '.join(urns) or 'all resources'} in {target.stack}?", yes=yes)
    given = None if all_ else urns

    def edit() -> list[str]:
        if mark == "taint":
            return state_edit.taint_states(target.project, target.stack, target.options, given, taint=on)
        return state_edit.protect_states(target.project, target.stack, target.options, given, protect=on)

    changed = call(edit)
    for urn in changed:
        print(f"{verb}ed {urn}")
    if not changed:
        print("nothing to change")
    return 0


def _check_given(urns: tuple[str, ...], *, all_: bool = False) -> None:
    from datahall.errors import UserError

    if all_ and urns:
        raise UserError("--all", "given", "with URNs it is not clear what is meant", "give one of them")
    if not (urns or all_):
        raise UserError("urn", "missing", "no resource is named", "see datahall engine state list")


def _line(state: Any) -> dict[str, Any]:  # noqa: ANN401 - a ResourceState; the engine is not imported here
    marks = {word: True for word in _MARKS if getattr(state, word)}
    return {"urn": state.urn, "type": state.type, "id": state.id, **marks}


def _print(data: Any) -> None:  # noqa: ANN401 - anything that JSON can say
    print(jsons.dumps(data, indent=2, ensure_ascii=False))
