"""``datahall engine config``: get, set, rm."""

import getpass
import json as jsons
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _target as targets

Key = Annotated[str, Parameter(help="KEY or NAMESPACE:KEY.")]
AtPath = Annotated[bool, Parameter(name="--path", help="The key is a path: root.nested[0].")]
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
) -> int:
    """Set a value; one that is not given is read from stdin, so that a secret need not be an argument."""
    from datahall.embedded import call
    from datahall.engine import config_edit

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


def _read() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("value: ")
    return sys.stdin.read().removesuffix("\n")
