"""Verbs of the official CLI (3.260) that are not here, and what to do instead."""

from typing import Final

_SELECTED = "no stack is ever selected; give it by --stack"
_EDIT = "edit what `datahall engine stack export` writes, then `datahall engine stack import`"
_OFFICIAL = "use the official CLI, on the same backend"

ABSENT: Final[dict[str, str]] = {
    "stack select": _SELECTED,
    "stack unselect": _SELECTED,
    "stack tag": _OFFICIAL,
    "stack migrate": _OFFICIAL,
    "state edit": _EDIT,
    "state upgrade": _OFFICIAL,
    "config env": "environments are not supported; see docs/engine.md",
    "watch": "run up again",
    "logs": _OFFICIAL,
    "convert": _OFFICIAL,
    "new": "write Pulumi.yaml and a program, then `datahall engine stack init NAME`",
}
