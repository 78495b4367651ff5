"""Calls to a provider plugin, and what is said of those that fail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2_grpc

from datahall.engine.errors import ProviderFailed
from datahall.engine.patience import Patience, Unanswered
from datahall.engine.property_errors import wrong_properties

_Q = TypeVar("_Q")
_R = TypeVar("_R")
_CANCEL_SECONDS = 5
# Those that ask, and change nothing. What the others do may last.
_QUESTIONS = frozenset(
    {"GetPluginInfo", "Attach", "CheckConfig", "DiffConfig", "Configure", "Parameterize", "Check", "Diff"}
)
_CHANGES = frozenset({"Create", "Update", "Delete"})
# The call did not come to its end as far as we know: what it was to do may or may not be done.
_UNCLEAR = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
)

# What gRPC itself says, on this side, of an answer that came and is none; the call may well be done.
_NO_ANSWER = ("Exception deserializing response", "Received message larger than", "Received RST_STREAM")


class Calls:
    """A plugin's methods. `name` is the package's; `last_words` are the end of what the plugin printed."""

    def __init__(
        self,
        name: str,
        channel: grpc.Channel,
        last_words: Callable[[], str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.stub = provider_pb2_grpc.ResourceProviderStub(channel)
        self.hung = False  # it left a call unanswered: not for another operation
        self._last_words = last_words
        self._patience = patience or Patience()

    def cancel(self) -> None:
        """Ask the plugin to end what it is doing; a plugin that cannot is none the worse."""
        with suppress(grpc.RpcError, ValueError):
            self.stub.Cancel(empty_pb2.Empty(), timeout=_CANCEL_SECONDS)

    def answer(self, method: str, call: Callable[..., _R], request: Message, subject: str = "") -> _R:
        """Call a method, with the patience that there is for it. Raises grpc.RpcError."""
        if method in _QUESTIONS:
            return self._patience.asked(call, request)
        custom: float = getattr(request, "timeout", 0.0)  # those that change or read a resource have one
        try:
            return self._patience.work(self._told(method, subject), call, request, custom)
        except Unanswered as error:
            error.unclear = method in _CHANGES and not getattr(request, "preview", False)
            raise

    def attended(
        self, method: str, call: grpc.UnaryUnaryMultiCallable[_Q, _R], request: _Q, subject: str
    ) -> _R:
        """Call a method which calls the engine meanwhile. Raises ProviderFailed."""
        try:
            return self._patience.attended(self._told(method, subject), call, request)
        except grpc.RpcError as error:
            raise self.failure(method, error, subject) from None

    def call(self, method: str, call: Callable[..., _R], request: Message, subject: str = "") -> _R:
        """Call a method. Raises ProviderFailed, which names `subject` and what the plugin said."""
        try:
            return self.answer(method, call, request, subject)
        except grpc.RpcError as error:
            raise self.failure(method, error, subject) from None

    def optional(
        self, method: str, call: Callable[..., _R], request: Message, subject: str = ""
    ) -> _R | None:
        """Call a method that not every plugin has: None if this one does not. Raises ProviderFailed."""
        try:
            return self.answer(method, call, request, subject)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return None
            raise self.failure(method, error, subject) from None

    def failure(self, method: str, error: grpc.RpcError, subject: str = "") -> ProviderFailed:
        """A call's error in our words; `unclear` if what it was to do may be done all the same."""
        where = f"{subject}: " if subject else ""
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            said = self._last_words() if self._last_words else ""
            message = f"{where}provider {self.name} died during {method}"
            return ProviderFailed(message + (f"\n{said}" if said else ""), unclear=True)
        if isinstance(error, Unanswered):
            return self._hung(method, error, where)
        if str(error.details()).startswith(_NO_ANSWER):
            said = f"{where}provider {self.name} gave an invalid answer to {method}: {error.details()}"
            return ProviderFailed(said, unclear=True)
        unclear = error.code() in _UNCLEAR
        said = "; ".join(filter(None, [error.details(), *wrong_properties(error)])) or error.code().name
        absent = error.code() == grpc.StatusCode.UNIMPLEMENTED
        if absent:
            said = f"provider {self.name}: {method}: {said}"
        return ProviderFailed(f"{where}{said}", unclear=unclear, absent=absent)

    def _hung(self, method: str, error: Unanswered, where: str) -> ProviderFailed:
        self.hung = True
        said = f"{where}provider {self.name} {error.limit.unanswered(method)}"
        more = "; it may be done all the same, which the next update finds out" if error.unclear else ""
        return ProviderFailed(said + more, unclear=error.unclear)

    def _told(self, method: str, subject: str) -> str:
        return f"provider {self.name}: {method}{f' of {subject}' if subject else ''}"
