"""What moto lacks or lets pass, in moto's own shape: a `Responses` class a service, on moto's backends.

A module here overrides the operations that it mends and leaves the rest to moto. `OURS` in each says what
moto does not have at all; docs/sandbox.md is checked against it.
"""

import importlib
import types
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from moto.core.utils import convert_to_flask_response

from datahall.sandbox.aws.server.overlay import remembered

# Package in moto -> our module, for the services that have something to mend.
MODULES: Mapping[str, str] = {
    name: f"{__name__}.{name}"
    for name in ("backup", "ec2", "ecr", "efs", "eks", "fsx", "iam", "kms", "logs", "s3")
}


def install() -> None:
    """Load our modules and give moto the paths it lacks; once a process, before the first request."""
    remembered.install()
    for name, module in MODULES.items():
        ours = importlib.import_module(module)
        urls = importlib.import_module(f"moto.{name}.urls")
        urls.url_paths.update(dict.fromkeys(getattr(ours, "PATHS", ()), ours.Responses.dispatch))


def bind(app: Flask, name: str) -> None:
    """Put our responses in the place of moto's in the application of one service."""
    if name in MODULES:
        ours = importlib.import_module(MODULES[name])
        for view in app.view_functions.values():
            if isinstance(view, convert_to_flask_response):
                view.callback = _replaced(view.callback, ours.Responses)


def ours() -> dict[str, list[str]]:
    """Return what each service has of ours, by its package in moto."""
    return {name: list(importlib.import_module(module).OURS) for name, module in sorted(MODULES.items())}


def _replaced(handler: Callable[..., Any], responses: type) -> Callable[..., Any]:
    """The same method, bound to our class where moto bound it to the class that ours extends."""
    if isinstance(handler, types.MethodType):
        owner = handler.__self__ if isinstance(handler.__self__, type) else type(handler.__self__)
        if issubclass(responses, owner):
            ours: Callable[..., Any] = getattr(responses, handler.__name__)
            return ours
    return handler
