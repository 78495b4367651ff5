"""Calls that may last: it is told that they do, and those that wait for others end when nothing happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import grpc

from datahall.engine.call_failed import CallFailed
from datahall.engine.limits import DEFAULT, Limit, Limits

_Q = TypeVar("_Q")
_R = TypeVar("_R")


class Unanswered(CallFailed):
    """A call that was given up."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(grpc.StatusCode.DEADLINE_EXCEEDED, "")
        self.limit = limit
        self.unclear = False  # whether what it was to do may be done

    def trailing_metadata(self) -> tuple[()]:
        """There is none: nothing came."""
        return ()


@dataclass
class _Call:
    what: str
    began: float
    tell_at: float
    # What gives it up, for one that waits for others' calls.
    end: Callable[[], object] | None = None
    given_up: bool = False


class Patience:
    """The patience of one run. When the time of a question has gone by, `warn` hears of work."""

    def __init__(self, limits: Limits = DEFAULT, warn: Callable[[str], None] = lambda _: None) -> None:
        self.limits, self._warn = limits, warn
        self._every = limits.question.seconds
        self._calls: dict[int, _Call] = {}
        self._changed = threading.Condition()
        self._watcher: threading.Thread | None = None
        self._closed = False
        self._heard = 0.0

    def asked(self, call: Callable[..., _R], request: object) -> _R:
        """Ask a question. Raises grpc.RpcError, which is Unanswered at its limit."""
        self._heard = time.monotonic()
        try:
            return _within(self.limits.question, call, request)
        finally:
            self._heard = time.monotonic()

    def work(self, what: str, call: Callable[..., _R], request: object, custom: float) -> _R:
        """Have something done, in the `custom` seconds of its resource or, with 0, in those of the run.

        Raises grpc.RpcError, which is Unanswered at that limit.
        """
        with self._watched(what):
            return _within(self.limits.of_work(custom), call, request)

    def attended(self, what: str, call: grpc.UnaryUnaryMultiCallable[_Q, _R], request: _Q) -> _R:
        """Have something done in which the provider calls the engine: only time without any call counts.

        Raises grpc.RpcError, which is Unanswered at the limit of the run.
        """
        pending = call.future(request)
        with self._watched(what, pending.cancel):
            try:
                return pending.result()
            except grpc.FutureCancelledError:  # by us: nobody else has it
                raise Unanswered(self.limits.of_work(0)) from None

    def close(self) -> None:
        """Nobody is waited for any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    @contextmanager
    def _watched(self, what: str, end: Callable[[], object] | None = None) -> Iterator[_Call]:
        began = time.monotonic()
        call = _Call(what, began, began + (self._every or float("inf")), end)
        with self._changed:
            self._calls[id(call)] = call
            self._heard = began
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="patience", daemon=True)
                self._watcher.start()
        try:
            yield call
        finally:
            with self._changed:
                del self._calls[id(call)]
                self._heard = time.monotonic()

    def _watch(self) -> None:
        # Calls that begin meanwhile are due later than that.
        longest = min(filter(None, (self._every, self.limits.work)), default=None)
        while True:
            with self._changed:
                now = time.monotonic()
                due = min((self._due(call, now) for call in self._calls.values()), default=float("inf"))
                wait = min(due - now, longest or float("inf"))
                self._changed.wait(wait if wait < threading.TIMEOUT_MAX else None)
                if self._closed:
                    return
                now = time.monotonic()
                late = [call for call in self._calls.values() if call.tell_at <= now]
                for call in late:
                    call.tell_at = now + (self._every or 0)
                over = [call for call in self._calls.values() if self._end_at(call, now) <= now]
            for call in over:
                call.given_up = True
                if call.end is not None:
                    call.end()
            for call in late:
                self._warn(f"still waiting for {call.what}, for {now - call.began:.0f} s")

    def _due(self, call: _Call, now: float) -> float:
        return min(call.tell_at, self._end_at(call, now))

    def _end_at(self, call: _Call, now: float) -> float:
        """When a call that waits for others has waited long enough for nothing."""
        if call.end is None or call.given_up or self.limits.work is None:
            return float("inf")
        busy = any(other.end is None for other in self._calls.values())
        return (now if busy else self._heard) + self.limits.work


def _within(limit: Limit, call: Callable[..., _R], request: object) -> _R:
    began = time.monotonic()
    try:
        return call(request, timeout=limit.seconds)
    except grpc.RpcError as error:
        late = limit.seconds is not None and time.monotonic() - began >= limit.seconds
        if late and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            raise Unanswered(limit) from None
        raise
