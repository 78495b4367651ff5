# ruff: noqa: N818 - these are called as a user would name what happened
"""What can go wrong, as the user sees it: short messages, never with a secret in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahall.engine.events import PolicyResult


class EngineError(Exception):
    """A failure with a message for the user: what, which rule, and the fix."""


class InvalidProject(EngineError):
    """Pulumi.yaml or a stack's configuration is missing or malformed."""


class ProgramFailed(EngineError):
    """The program raised. `run_error` is true for an error that the program reports by itself."""

    def __init__(self, message: str, *, run_error: bool = False) -> None:
        super().__init__(message)
        self.run_error = run_error


class ProviderFailed(EngineError):
    """A provider plugin refused, failed or died.

    `unclear`: it may or may not have changed something; `absent`: it does not have that call at all.
    """

    def __init__(self, message: str, *, unclear: bool = False, absent: bool = False) -> None:
        super().__init__(message)
        self.unclear = unclear
        self.absent = absent


class HookFailed(ProviderFailed):
    """A hook failed, or is not there: its step fails as if the provider had refused."""


class PolicyViolation(EngineError):
    """A mandatory policy does not hold. `results` are the violations."""

    def __init__(self, message: str, results: Sequence[PolicyResult] = ()) -> None:
        super().__init__(message)
        self.results = tuple(results)


class PolicyPackFailed(EngineError):
    """A policy pack could not be started or crashed."""


class StackLocked(EngineError):
    """Another update of this stack is under way."""


class BrokenState(EngineError):
    """A state file is damaged or newer than this engine; it is never used."""


class StoreFailed(EngineError):
    """A backend could not be read or written. `damaged`: it answers, but this piece cannot be read."""

    def __init__(self, message: str, *, damaged: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged


class MissingPassphrase(EngineError):
    """No passphrase, or not the one that the stack's secrets were encrypted with."""


class UnexpectedChanges(EngineError):
    """`expect_no_changes` was asked for and there are some."""


class PlanViolation(EngineError):
    """Something would be done other than the plan says."""


class InvalidTarget(EngineError):
    """A target is not in the stack, or what is asked for cannot be done without more of them."""


class ProtectedResource(EngineError):
    """A step would delete or replace a protected resource."""


class Unsupported(EngineError):
    """A feature of Pulumi that this engine does not have; see docs/engine.md."""
