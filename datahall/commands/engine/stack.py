"""``datahall engine stack``: init, ls, rm, rename, output, export, import, graph,
change-secrets-provider, history.
"""

import json as jsons
import re
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _graph as graphs
from datahall.commands.engine import _target as targets
from datahall.commands.engine.up import Yes

Name = Annotated[str, Parameter(help="The stack's name.")]
Force = Annotated[bool, Parameter(name=["--force", "-f"], help="Also with resources; they are forgotten.")]
Preserve = Annotated[bool, Parameter(help="Leave the stack's configuration file.")]
NoSelect = Annotated[bool, Parameter(negative=(), help="Select no stack, which is never done.")]
File = Annotated[Path | None, Parameter(help="Write to a file, else to stdout.", show_default=False)]


def init(
    name: Name,
    /,
    *,
    cwd: targets.Folder = Path("."),
    copy_config_from: Annotated[
        str | None, Parameter(help="A stack whose configuration it gets.", show_default=False)
    ] = None,
    secrets_provider: Annotated[str, Parameter(help="There is `passphrase`.")] = "passphrase",
    no_select: NoSelect = False,
    yes: Yes = False,
) -> int:
    """Make an empty stack."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.engine.config_copy import copy_config
    from datahall.engine.passphrase_change import check_provider

    project, asked = targets.open_project(cwd)
    if secrets_provider != "default":  # which it is, in a backend of one's own
        call(lambda: check_provider(secrets_provider))
    if copy_config_from is not None:
        targets.open_stack(cwd, copy_config_from)
    call(lambda: engine.init_stack(project, name, asked))
    if copy_config_from is not None:
        call(lambda: copy_config(project, copy_config_from, name, asked, None))
    print(f"created stack {name}")
    return 0


def rename(
    name: Annotated[str, Parameter(help="The new name.")],
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
) -> int:
    """Give a stack another name, and with it its configuration file, its history and all URNs."""
    from datahall import engine
    from datahall.embedded import call

    target = targets.open_stack(cwd, stack)
    call(lambda: engine.rename_stack(target.project, target.stack, name, target.options))
    print(f"renamed {target.stack} to {name}")
    return 0


def ls(*, cwd: targets.Folder = Path("."), json: options.Json = False) -> int:
    """List the project's stacks."""
    from datahall import engine
    from datahall.embedded import call

    project, asked = targets.open_project(cwd)
    found = call(lambda: engine.list_stacks(project, asked))
    if json:
        _print([{"name": s.name, "lastUpdate": s.last_update, "resourceCount": s.resources} for s in found])
        return 0
    print(f"{'NAME':<24} {'LAST UPDATE':<20} RESOURCES")
    for each in found:
        print(f"{each.name:<24} {each.last_update[:19]:<20} {each.resources}")
    return 0


def rm(
    name: Annotated[str | None, Parameter(help="The stack.", show_default=False)] = None,
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    yes: Yes = False,
    force: Force = False,
    preserve_config: Preserve = False,
) -> int:
    """Remove a stack that has no resources, and its configuration file."""
    target = targets.open_stack(cwd, name or stack)
    targets.confirm(f"Remove the stack {target.stack}?", yes=yes)
    targets.remove(target, force=force, preserve_config=preserve_config)
    print(f"removed stack {target.stack}")
    return 0


def output(
    name: Annotated[str | None, Parameter(help="One output.", show_default=False)] = None,
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    show_secrets: targets.ShowSecrets = False,
    shell: Annotated[bool, Parameter(negative=(), help="As a shell's assignments, NAME=VALUE.")] = False,
    json: options.Json = False,
) -> int:
    """Show a stack's outputs, or one of them."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.errors import UserError, did_you_mean

    if shell and json:
        raise UserError("--shell", "given", "cannot be mixed with --json", "give one of them")
    target = targets.open_stack(cwd, stack)
    state = call(
        lambda: engine.read_stack(target.project, target.stack, target.options, show_secrets=show_secrets)
    )
    outputs = state.outputs if state else {}
    if name is not None and name not in outputs:
        fix = did_you_mean(name, outputs) if outputs else "the stack has none; run up"
        raise UserError("output", name, f"is not an output of {target.stack}", fix)
    if json:
        _print(outputs if name is None else outputs[name])
    elif shell:
        for key in [name] if name is not None else outputs:
            print(_assignment(key, outputs[key]))
    else:
        for key, value in outputs.items() if name is None else [("", outputs[name])]:
            text = value if isinstance(value, str) else jsons.dumps(value)
            print(f"{key:<24} {text}" if key else text)
    return 0


def export(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    file: File = None,
    show_secrets: targets.ShowSecrets = False,
) -> int:
    """Write a stack's deployment as JSON; secrets stay encrypted unless --show-secrets."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.engine.storage.folder import write_atomically

    target = targets.open_stack(cwd, stack)
    data = call(
        lambda: engine.export_stack(target.project, target.stack, target.options, show_secrets=show_secrets)
    )
    if file is None:
        _print(data)
    else:
        write_atomically(file.resolve(), (jsons.dumps(data, indent=4, ensure_ascii=False) + "\n").encode())
    return 0


def import_(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    file: Annotated[Path | None, Parameter(help="Read a file, else stdin.", show_default=False)] = None,
    force: Annotated[bool, Parameter(name=["--force", "-f"], help="Also one of another stack.")] = False,
) -> int:
    """Make an exported deployment the stack's state; the one before is kept as the backup."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.errors import UserError

    target = targets.open_stack(cwd, stack)
    try:
        content = sys.stdin.buffer.read() if file is None else file.read_bytes()
    except OSError as error:
        raise UserError("--file", str(file), f"cannot be read ({error.strerror})", "give another") from None
    told = call(
        lambda: engine.import_stack(target.project, target.stack, target.options, content, force=force)
    )
    for line in told:
        print(f"warning: {line}", file=sys.stderr)
    print(f"imported into stack {target.stack}")
    return 0


def graph(
    file: Annotated[Path, Parameter(help="Where it is written.")],
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    drawn: Annotated[graphs.Drawn, Parameter(name="*")] = graphs.ALL,
) -> int:
    """Write a stack's dependencies as a graph in DOT."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.engine.graph import as_dot
    from datahall.errors import UserError

    target = targets.open_stack(cwd, stack)
    state = call(lambda: engine.read_stack(target.project, target.stack, target.options))
    text = as_dot(state.resources if state else [], drawn.options())
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError("file", str(file), f"cannot be written ({error.strerror})", "give another") from None
    print(f"wrote the graph of {target.stack} to {file}")
    return 0


def change_secrets_provider(
    provider: Annotated[str, Parameter(help="The secrets provider; there is `passphrase`.")],
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
) -> int:
    """Encrypt a stack's secrets with another passphrase, which is asked for, or the first line of stdin."""
    from datahall.commands.engine import _passphrase
    from datahall.embedded import call
    from datahall.engine import passphrase_change

    target = targets.open_stack(cwd, stack)
    call(lambda: passphrase_change.check_provider(provider))
    new = _passphrase.new_passphrase()
    changed = call(
        lambda: passphrase_change.change_passphrase(target.project, target.stack, target.options, new)
    )
    if changed:
        print(f"the secrets of {target.stack} have a new key; its history and the state before keep the old")
    else:
        print(f"the secrets of {target.stack} have this passphrase already")
    return 0


def history(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    page: Annotated[int, Parameter(help="Which page.")] = 1,
    page_size: Annotated[int, Parameter(help="How many operations a page.")] = 10,
    full_dates: Annotated[bool, Parameter(negative=(), help="Whole dates, which all are.")] = False,
    show_secrets: Annotated[
        bool, Parameter(negative=(), help="With --json: secrets of the settings.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Show what was done to a stack, the newest first."""
    from datahall import engine
    from datahall.embedded import call
    from datahall.errors import UserError

    for flag, number in (("--page", page), ("--page-size", page_size)):
        if number < 1:
            raise UserError(flag, str(number), "must be 1 or more", "leave it out")
    target = targets.open_stack(cwd, stack)
    records = call(lambda: engine.stack_history(target.project, target.stack, target.options))
    records = records[(page - 1) * page_size : page * page_size]
    if json:
        decrypt = _decrypter(target) if show_secrets else None
        _print(call(lambda: [_record(record, decrypt) for record in records]))
        return 0
    for record in records:
        changes = ", ".join(f"{count} {op}" for op, count in (record.get("resourceChanges") or {}).items())
        print(f"{_time(record.get('startTime', 0))}  {record['kind']:<10} {record['result']:<10} {changes}")
    return 0


def _decrypter(target: targets.Target) -> Callable[[str], str]:
    from datahall.embedded import call
    from datahall.engine.config import read_stack_file
    from datahall.engine.config_edit import crypter_of

    file = call(lambda: read_stack_file(target.project, target.stack))
    return call(lambda: crypter_of(target.project, target.stack, target.options, file)).decrypt


def _assignment(name: str, value: Any) -> str:  # noqa: ANN401 - anything that JSON can say
    from datahall.errors import UserError

    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise UserError("output", name, "is no name of a shell's variable", "give --json, or another output")
    return f"{name}={shlex.quote(value if isinstance(value, str) else jsons.dumps(value))}"


def _record(record: dict[str, Any], decrypt: Callable[[str], str] | None) -> dict[str, Any]:
    told = {key: value for key, value in record.items() if key != "config"}
    for key in ("startTime", "endTime"):
        told[key] = _time(record.get(key, 0))
    told["config"] = {key: _setting(value, decrypt) for key, value in (record.get("config") or {}).items()}
    return told


def _setting(value: Any, decrypt: Callable[[str], str] | None) -> dict[str, Any]:  # noqa: ANN401 - JSON data
    from datahall.engine.config import reveal

    value, secret = reveal(value, decrypt or (lambda _: ""))
    if secret and decrypt is None:
        return {"secret": True}
    text = value if isinstance(value, str) else jsons.dumps(value, separators=(",", ":"))
    return {"value": text, "secret": secret}


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _print(data: Any) -> None:  # noqa: ANN401 - anything that JSON can say
    print(jsons.dumps(data, indent=2, ensure_ascii=False))
