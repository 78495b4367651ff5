"""What moto lacks or lets pass, in moto's own shape: a `Responses` class a service, on moto's backends.

A module here overrides the operations that it mends and leaves the rest to moto. `OURS` in each says what
moto does not have at all; docs/sandbox.md is checked against it.
"""

import importlib
import types
from collections.abc import Mapping

# Package in moto -> our module, for the services that have something to mend.
MODULES: Mapping[str, str] = {
    name: f"{__name__}.{name}"
    for name in ("backup", "ec2", "ecr", "efs", "eks", "fsx", "iam", "kms", "logs", "s3")
}


def install() -> None:
    """Put our responses in the place of moto's; once a process, before the first request."""
    for name, module in MODULES.items():
        ours = importlib.import_module(module)
        urls = importlib.import_module(f"moto.{name}.urls")
        for path, handler in list(urls.url_paths.items()):
            urls.url_paths[path] = _replaced(handler, ours.Responses)
        urls.url_paths.update(dict.fromkeys(getattr(ours, "PATHS", ()), ours.Responses.dispatch))


def ours() -> dict[str, list[str]]:
    """Return what each service has of ours, by its package in moto."""
    return {name: list(importlib.import_module(module).OURS) for name, module in sorted(MODULES.items())}


def _replaced(handler: object, responses: type) -> object:
    """The same method, bound to our class where moto bound it to the class that ours extends."""
    if isinstance(handler, types.MethodType):
        owner = handler.__self__ if isinstance(handler.__self__, type) else type(handler.__self__)
        if issubclass(responses, owner):
            return getattr(responses, handler.__name__)
    return handler
