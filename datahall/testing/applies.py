"""Watches what a program applies to its outputs, so that an assertion which never ran is no success."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

_SDK = str(Path(pulumi.__file__).parent) + os.sep


class ApplyNeverRan(AssertionError):  # noqa: N818 - reads as what happened
    """A function was given to `apply` and the program ended without calling it to its end."""


@dataclass
class _Apply:
    where: str
    ended: bool = False
    error: Exception | None = None


@dataclass
class Applies:
    """The applies that a program asked for; those that the SDK makes for itself are not looked at."""

    made: list[_Apply] = field(default_factory=list)

    def check_assertions(self, cause: Exception) -> None:
        """Raise the first assertion that failed in an apply, which is what `cause` came of."""
        for apply in self.made:
            if isinstance(apply.error, AssertionError):
                raise apply.error from cause

    def check(self, *, unknowns: bool) -> None:
        """Raise what an apply raised, if nobody else did, and ApplyNeverRan.

        With `unknowns` (a preview) an apply may have had to wait for a value that only an update knows.
        """
        for apply in self.made:
            if apply.error is not None:
                raise apply.error
        waiting = [apply.where for apply in self.made if not apply.ended]
        if waiting and not unknowns:
            raise ApplyNeverRan(
                f"apply: {', '.join(waiting)}: its function never ran to its end, nor did what it asserts; "
                "apply to an output whose value the update knows, within the program"
            )


@contextmanager
def watching() -> Iterator[Applies]:
    """Watch the applies made within."""
    applies = Applies()
    original = pulumi.Output.apply

    @functools.wraps(original)
    def apply(
        self: pulumi.Output[Any], func: Callable[[Any], Any], run_with_unknowns: bool = False
    ) -> pulumi.Output[Any]:
        caller = sys._getframe(1).f_code
        if caller.co_filename.startswith(_SDK):
            return original(self, func, run_with_unknowns)
        made = _Apply(f"{caller.co_filename}:{sys._getframe(1).f_lineno}")
        applies.made.append(made)
        return original(self, _watched(func, made), run_with_unknowns)

    pulumi.Output.apply = apply  # type: ignore[method-assign]  # for as long as the program runs
    try:
        yield applies
    finally:
        pulumi.Output.apply = original  # type: ignore[method-assign]


def _watched(func: Callable[[Any], Any], made: _Apply) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:  # noqa: ANN401 - the program's own
        try:
            result = func(value)
        except Exception as error:
            made.error = error
            raise
        if inspect.isawaitable(result) and not isinstance(result, pulumi.Output):
            return _awaited(result, made)
        made.ended = True
        return result

    return call


async def _awaited(result: Awaitable[Any], made: _Apply) -> Any:  # noqa: ANN401 - the program's own
    try:
        value = await result
    except Exception as error:
        made.error = error
        raise
    made.ended = True
    return value
