"""Two answers that moto works out anew for every request, a third of its time: they never change."""

import functools

from moto import backends
from moto.core import responses, utils


def install() -> None:
    """Remember them; once a process."""
    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = functools.cache(utils.method_names_from_class)  # type: ignore[attr-defined]
