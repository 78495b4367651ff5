"""All of a stack's configuration, as its program gets it: the project's defaults and the stack's file."""

from __future__ import annotations

import json
from dataclasses import dataclass

from datahall.engine import config as configs
from datahall.engine.config_edit import reader_of
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.values import Json


@dataclass(frozen=True)
class Setting:
    """A value by its full key. `structured` is its mapping or list, None for a text.

    `secret`: it holds a secret, which is `[secret]` unless it is shown.
    """

    key: str
    value: str
    secret: bool
    structured: Json = None


def list_config(project: Project, stack: str, options: Options, *, show_secrets: bool) -> list[Setting]:
    """The settings, in the order of their keys. No passphrase is needed unless `show_secrets`.

    Raises InvalidProject for a configuration that does not fit what Pulumi.yaml declares.
    """
    file = configs.read_stack_file(project, stack)
    reader = reader_of(project, stack, options, file, show_secrets=show_secrets)
    config = configs.resolve_config(project, file, reader)
    return [
        Setting(key, value, key in config.secret_keys, _structured(value, config.raw.get(key, {})))
        for key, value in sorted(config.values.items())
    ]


def _structured(value: str, written: Json) -> Json:
    """What a mapping's or a list's text stands for; a default of the project's is written nowhere else."""
    if not isinstance(written, dict | list):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None
