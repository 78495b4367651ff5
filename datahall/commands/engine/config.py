"""``datahall engine config``: get, set, set-all, rm, rm-all, cp, refresh."""

import getpass
import json as jsons
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _target as targets
from datahall.errors import UserError

Key = Annotated[str, Parameter(help="KEY or NAMESPACE:KEY.")]
AtPath = Annotated[bool, Parameter(name="--path", help="The key is a path: root.nested[0].")]
_MANY = "may be given more than once."
Secret = Annotated[bool, Parameter(help="Encrypt the value.")]


def get(
    key: Key,
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    path: AtPath = False,
    show_secrets: targets.ShowSecrets = False,
    json: options.Json = False,
) -> int:
    """Show a value; a secret is `[secret]` without --show-secrets."""
    from datahall.embedded import call
    from datahall.engine import config_edit

    target = targets.open_stack(cwd, stack)
    value, secret = call(
        lambda: config_edit.get_config(
            target.project, target.stack, target.options, key, path=path, show_secrets=show_secrets
        )
    )
    text = config_edit.as_text(value)
    if json:
        whole = {"objectValue": value} if isinstance(value, dict | list) else {}
        print(jsons.dumps({"value": text, **whole, "secret": secret}, indent=2))
    else:
        print(text)
    return 0


def set_(
    key: Key,
    value: Annotated[str | None, Parameter(help="The value (default: stdin).", show_default=False)] = None,
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    path: AtPath = False,
    secret: Secret = False,
    plaintext: Annotated[
        bool, Parameter(negative=(), help="Do not encrypt it, as without --secret.")
    ] = False,
) -> int:
    """Set a value; one that is not given is read from stdin, so that a secret need not be an argument."""
    from datahall.embedded import call
    from datahall.engine import config_edit

    if secret and plaintext:
        raise UserError("--plaintext", "given", "cannot be mixed with --secret", "give one of them")
    target = targets.open_stack(cwd, stack)
    given = _read() if value is None else value
    call(
        lambda: config_edit.set_config(
            target.project, target.stack, target.options, key, given, path=path, secret=secret
        )
    )
    return 0


def rm(
    key: Key, /, *, cwd: targets.Folder = Path("."), stack: targets.Stack = None, path: AtPath = False
) -> int:
    """Remove a value."""
    from datahall.embedded import call
    from datahall.engine import config_edit

    target = targets.open_stack(cwd, stack)
    call(lambda: config_edit.remove_config(target.project, target.stack, key, path=path))
    return 0


def set_all(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    plaintext: Annotated[tuple[str, ...], Parameter(help=f"KEY=VALUE; {_MANY}", negative=())] = (),
    secret: Annotated[tuple[str, ...], Parameter(help=f"KEY=VALUE, encrypted; {_MANY}", negative=())] = (),
    path: AtPath = False,
) -> int:
    """Set several values; for a secret that must not be an argument, use set."""
    target = targets.open_stack(cwd, stack)
    for flag, given, encrypted in (("--plaintext", plaintext, False), ("--secret", secret, True)):
        targets.set_values(target, flag, given, path=path, secret=encrypted)
    return 0


def rm_all(
    keys: Annotated[tuple[str, ...], Parameter(help="Keys.")],
    /,
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    path: AtPath = False,
) -> int:
    """Remove several values."""
    from datahall.embedded import call
    from datahall.engine import config_edit

    target = targets.open_stack(cwd, stack)
    for key in keys:
        call(lambda key=key: config_edit.remove_config(target.project, target.stack, key, path=path))  # type: ignore[misc]
    return 0


def refresh(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    force: Annotated[bool, Parameter(name=["--force", "-f"], help="Keep no copy of the one before.")] = False,
) -> int:
    """Make the stack's configuration file anew as the last operation had it; the one before is kept."""
    from datahall.embedded import call
    from datahall.engine.config_refresh import refresh_config

    target = targets.open_stack(cwd, stack)
    kept = call(lambda: refresh_config(target.project, target.stack, target.options, force=force))
    if kept is not None:
        print(f"kept the one before as {kept}")
    print(f"refreshed the configuration of {target.stack}")
    return 0


def cp(
    key: Annotated[str | None, Parameter(help="A key (default: all).", show_default=False)] = None,
    /,
    *,
    dest: Annotated[str, Parameter(name=["--dest", "-d"], help="The stack that gets it.")],
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
) -> int:
    """Copy a value, or all, to another stack; secrets get that stack's key."""
    from datahall.embedded import call
    from datahall.engine.config_copy import copy_config

    target = targets.open_stack(cwd, stack)
    targets.open_stack(cwd, dest)
    copied = call(lambda: copy_config(target.project, target.stack, dest, target.options, key))
    for name in copied:
        print(f"copied {name}")
    return 0


def _read() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("value: ")
    return sys.stdin.read().removesuffix("\n")
