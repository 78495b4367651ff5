"""What options say of a stack: where it is kept, and its passphrase."""

from __future__ import annotations

import os
from pathlib import Path

from datahall.engine.backend import Backend, StackFiles
from datahall.engine.errors import MissingPassphrase
from datahall.engine.options import Options
from datahall.engine.project import Project, check_stack_name


def passphrase(options: Options) -> str:
    """The passphrase, as Pulumi finds it. Raises MissingPassphrase."""
    if options.passphrase is not None:
        return options.passphrase
    environment = {**os.environ, **options.environment}
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return environment["PULUMI_CONFIG_PASSPHRASE"]
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not file:
        raise MissingPassphrase(
            "passphrase: none given; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
        )
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise MissingPassphrase(
            f"PULUMI_CONFIG_PASSPHRASE_FILE: {file}: {error.strerror}; correct the path"
        ) from None


def stack_files(project: Project, stack: str, options: Options) -> StackFiles:
    """What the backend keeps of a stack.

    Raises InvalidProject for an impossible name, BrokenState or Unsupported for a backend of another layout.
    """
    check_stack_name(stack)
    backend = Backend.of(options.backend)
    backend.check()
    return StackFiles(backend, project.name, stack)
