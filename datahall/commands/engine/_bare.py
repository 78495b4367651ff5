"""``datahall engine config`` and ``datahall engine stack`` without a verb: what there is."""

import json as jsons
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.commands.engine import _target as targets

Urns = Annotated[bool, Parameter(name=["--show-urns", "-u"], negative=(), help="Show URNs.")]
Ids = Annotated[bool, Parameter(name=["--show-ids", "-i"], negative=(), help="Show ids.")]
OnlyName = Annotated[bool, Parameter(negative=(), help="Show the stack's name, and nothing else.")]


def config(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    show_secrets: targets.ShowSecrets = False,
    json: options.Json = False,
) -> int:
    """List a stack's configuration; a secret is `[secret]` without --show-secrets."""
    from datahall.embedded import call
    from datahall.engine.config_list import list_config

    target = targets.open_stack(cwd, stack)
    found = call(lambda: list_config(target.project, target.stack, target.options, show_secrets=show_secrets))
    if json:
        told: dict[str, dict[str, Any]] = {}
        for each in found:
            shown = {} if each.secret and not show_secrets else {"value": each.value}
            whole = {"objectValue": each.structured} if shown and each.structured is not None else {}
            told[each.key] = {**shown, **whole, "secret": each.secret}
        print(jsons.dumps(told, indent=2, ensure_ascii=False))
        return 0
    own = f"{target.project.name}:"
    rows = [("KEY", "VALUE"), *((each.key.removeprefix(own), each.value) for each in found)]
    width = max(len(key) for key, _ in rows)
    for key, value in rows:
        print(f"{key:<{width}}  {value}")
    return 0


def stack(
    *,
    cwd: targets.Folder = Path("."),
    stack: targets.Stack = None,
    show_name: OnlyName = False,
    show_ids: Ids = False,
    show_urns: Urns = False,
    show_secrets: targets.ShowSecrets = False,
    json: options.Json = False,
) -> int:
    """Show a stack: its last update, its resources and its outputs."""
    from datahall import engine
    from datahall.embedded import call

    target = targets.open_stack(cwd, stack)
    if show_name and not json:
        print(target.stack)
        return 0
    state = call(
        lambda: engine.read_stack(target.project, target.stack, target.options, show_secrets=show_secrets)
    )
    resources = state.resources if state else []
    outputs = state.outputs if state else {}
    last_update = state.last_update if state else ""
    if json:
        listed = [
            {
                "urn": each.urn,
                "type": each.type,
                "name": each.name,
                **({"id": each.id} if each.id else {}),
                **({"parent": each.parent} if each.parent else {}),
            }
            for each in resources
        ]
        told = {"project": target.project.name, "stack": target.stack, "lastUpdate": last_update}
        print(jsons.dumps({**told, "resources": listed, "outputs": outputs}, indent=2, ensure_ascii=False))
        return 0
    print(f"Stack {target.stack} of project {target.project.name}")
    print(f"  last update: {last_update or 'none'}")
    print(f"  resources ({len(resources)}):")
    for each in resources:
        print(f"    {each.type}  {each.name}{'  (to be deleted)' if each.delete else ''}")
        for wanted, label, value in ((show_urns, "URN", each.urn), (show_ids, "ID", each.id)):
            if wanted and value:
                print(f"      {label}: {value}")
    print(f"  outputs ({len(outputs)}):")
    for key, value in outputs.items():
        text = value if isinstance(value, str) else jsons.dumps(value, ensure_ascii=False)
        print(f"    {key}: {text}")
    return 0
