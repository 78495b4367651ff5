"""Creations that may be asked for again: a header tells the sandbox's AWS which is which.

Its token is the resource's, its inputs' and the seed's, which Check keeps in the inputs: an engine that was
killed between a creation and its record asks again with what it recorded, and gets what was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from datahall.sandbox.aws.server.tokens import HEADER, REPEATED


@dataclass
class Creation:
    """A creation under way; `repeated` once AWS said that it had answered it before."""

    token: str
    repeated: bool = False


_CURRENT: ContextVar[Creation | None] = ContextVar("creation", default=None)


@contextmanager
def creation(token: str) -> Iterator[Creation]:
    """Calls made inside carry the token, if there is one."""
    current = Creation(token)
    reset = _CURRENT.set(current)
    try:
        yield current
    finally:
        _CURRENT.reset(reset)


def watch(client: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
    """Have a client's calls carry the token of the creation that makes them."""
    client.meta.events.register("before-call", _before)
    client.meta.events.register("after-call", _after)


def _before(model: Any, params: dict[str, Any], **_: Any) -> None:  # noqa: ANN401
    current = _CURRENT.get()
    if current is not None and current.token:
        params["headers"][HEADER] = f"{current.token}-{model.name}"


def _after(http_response: Any, **_: Any) -> None:  # noqa: ANN401
    current = _CURRENT.get()
    if current is not None and REPEATED in http_response.headers:
        current.repeated = True
