"""What the addresses of stores have in common: a place, and parameters behind a question mark."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, unquote

from datahall.engine.errors import InvalidProject, Unsupported

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


def parameters(origin: str, query: str, known: Collection[str]) -> dict[str, str]:
    """The parameters by name. Raises Unsupported for an unknown one, whose value is not told."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name in given:
        if name not in known:
            raise Unsupported(
                f"{origin}: ?{name}=: only {', '.join(sorted(known))} are supported; leave it out"
            )
    return {name: value for name, value in given.items() if value}


def flag(origin: str, name: str, value: str) -> bool:
    """A yes or no. Raises InvalidProject."""
    if value not in _TRUE + _FALSE:
        raise InvalidProject(f"{origin}: ?{name}={value}: must be true or false; correct it")
    return value in _TRUE


def decoded(origin: str, path: str) -> str:
    """A path with its escapes (`%20`) resolved. Raises InvalidProject for one that is none."""
    if bad := _BAD_ESCAPE.search(path):
        text = path[bad.start() : bad.start() + 3]
        raise InvalidProject(f"{origin}: {text}: no escape of a URL; write %25 for a percent sign")
    return unquote(path)


def without_secrets(url: str) -> str:
    """A URL without user, password and parameters, which may be secret."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return "not a URL"
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"
