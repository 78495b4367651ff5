"""Hooks: functions of the program that run around a step, or say whether a failed one is tried again.

A resource names its hooks; what stands behind a name is what this run's program registered under it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from google.protobuf.message import Message
from pulumi.runtime.proto import callback_pb2, resource_pb2

from datahall.engine.callbacks import Callbacks
from datahall.engine.errors import HookFailed, ProgramFailed
from datahall.engine.hook_kinds import KINDS
from datahall.engine.hook_options import options_of
from datahall.engine.state import ResourceState
from datahall.engine.wire import Accepts, to_struct

_ALL: Final = Accepts(secrets=True, resources=True)
Warn = Callable[[str, str], None]
_Hook = TypeVar("_Hook")


def read_hooks(request: resource_pb2.RegisterResourceRequest) -> dict[str, tuple[str, ...]]:
    """The names of a registration's hooks, by kind."""
    return {kind: tuple(names) for field, kind in KINDS if (names := getattr(request.hooks, field))}


class Hooks:
    """The hooks that the program of one run registered."""

    def __init__(self, callbacks: Callbacks, *, dry_run: bool, warn: Warn) -> None:
        self._callbacks, self._dry_run, self._warn = callbacks, dry_run, warn
        self._lock = threading.Lock()
        self._of_steps: dict[str, resource_pb2.RegisterResourceHookRequest] = {}
        self._of_errors: dict[str, resource_pb2.RegisterErrorHookRequest] = {}

    def add(self, hook: resource_pb2.RegisterResourceHookRequest) -> None:
        """A hook around steps. Raises ProgramFailed for a name that is taken or empty."""
        with self._lock:
            self._claim(hook.name)
            self._of_steps[hook.name] = hook

    def add_for_errors(self, hook: resource_pb2.RegisterErrorHookRequest) -> None:
        """A hook that is asked about failures. Raises ProgramFailed for a name that is taken or empty."""
        with self._lock:
            self._claim(hook.name)
            self._of_errors[hook.name] = hook

    def run(self, kind: str, *, new: ResourceState | None = None, old: ResourceState | None = None) -> None:
        """Run a resource's hooks of a kind, in order. Raises HookFailed for the first that fails."""
        state = _either(new, old)
        for name in state.hooks.get(kind, ()):
            hook = _registered(self._of_steps, name, f"{state.urn}: hook")
            if self._dry_run and not hook.on_dry_run:
                continue
            request = resource_pb2.ResourceHookRequest(
                urn=state.urn, id=state.id, name=state.name, type=state.type
            )
            _describe(request, new, old)
            if new is not None and kind.startswith("After"):
                request.new_outputs.CopyFrom(to_struct(new.outputs, _ALL))
            when = kind[: -len("Create")].lower()  # all words after it are as long
            what = f'{state.urn}: {when} hook "{name}" failed'
            try:
                answer = resource_pb2.ResourceHookResponse.FromString(
                    self._call(hook.callback, request, what)
                )
                if answer.error:
                    raise HookFailed(f"{what}: {answer.error}")
            except HookFailed as error:
                if not hook.ignore_errors:
                    raise
                self._warn(str(error), state.urn)

    def retry(
        self,
        operation: str,
        failures: Sequence[str],
        *,
        new: ResourceState | None = None,
        old: ResourceState | None = None,
    ) -> bool:
        """Whether one of a resource's error hooks wants the operation tried again. Raises HookFailed."""
        state = _either(new, old)
        again = False
        for name in state.hooks.get("OnError", ()):
            hook = _registered(self._of_errors, name, f"{state.urn}: error hook")
            request = resource_pb2.ErrorHookRequest(
                urn=state.urn,
                id=state.id,
                name=state.name,
                type=state.type,
                failed_operation=operation,
                errors=failures,
            )
            _describe(request, new, old)
            what = f'{state.urn}: error hook "{name}" failed'
            answer = resource_pb2.ErrorHookResponse.FromString(self._call(hook.callback, request, what))
            if answer.error:
                raise HookFailed(f"{what}: {answer.error}")
            again = again or answer.retry
        return again

    def _call(self, callback: callback_pb2.Callback, request: Message, what: str) -> bytes:
        try:
            return self._callbacks.call(callback, request, what)
        except ProgramFailed as error:
            raise HookFailed(str(error)) from None

    def _claim(self, name: str) -> None:
        if not name:
            raise ProgramFailed("hook: a name must not be empty")
        if name in self._of_steps or name in self._of_errors:
            raise ProgramFailed(f'hook "{name}": already registered; give each hook a name of its own')


def _either(new: ResourceState | None, old: ResourceState | None) -> ResourceState:
    state = new or old
    if state is None:
        raise ValueError("a step has a new or an old state")
    return state


def _registered(known: Mapping[str, _Hook], name: str, what: str) -> _Hook:
    if name not in known:
        raise HookFailed(
            f'{what} "{name}" was not registered; register it in the program, or take it from the resource '
            "and run up (destroy runs no program, so it has no hooks)"
        )
    return known[name]


def _describe(
    request: resource_pb2.ResourceHookRequest | resource_pb2.ErrorHookRequest,
    new: ResourceState | None,
    old: ResourceState | None,
) -> None:
    if new is not None:
        request.new_inputs.CopyFrom(to_struct(new.inputs, _ALL))
        request.new_options.CopyFrom(options_of(new))
    if old is not None:
        request.old_inputs.CopyFrom(to_struct(old.inputs, _ALL))
        request.old_outputs.CopyFrom(to_struct(old.outputs, _ALL))
        request.old_options.CopyFrom(options_of(old))
