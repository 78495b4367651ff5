"""How an operation is asked for, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datahall.engine.backend import Backend
from datahall.engine.events import Event, Op, PolicyResult

if TYPE_CHECKING:
    from datahall.engine.pool import PluginPool
from datahall.engine.state import ResourceState

Port = int | Callable[[], int]
"""Where a plugin serves that runs already, or what gives such a port for each provider of a run."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of preview, up, refresh, destroy, remove_stack and read_stack.

    Attributes:
        backend: the self-managed backend, or its folder.
        plugin_path: folders with executables `pulumi-resource-NAME`; nothing is taken from PATH.
        attach: provider name to the port of a plugin that runs already, which can hold one configuration; or
            to a function that gives a port for each provider resource.
        pool: keeps plugin processes for the next operation; without it they end with this one.
        policy_packs: folders with a PulumiPolicy.yaml.
        environment: added to the environment of plugins, packs and the program.
        parallel: how many provider operations may run at a time.
        passphrase: else PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, from `environment`
            and then from the process.
        expect_no_changes: fail with UnexpectedChanges, and touch nothing, if there are any.
        target: URNs, also with `*` and `**`, of all that may be changed; providers always may.
        target_dependents: what depends on a target is one too.
        exclude: URNs of what may not be changed; with `exclude_dependents` also what depends on it.
        replace: URNs of what is to be replaced, changed or not (preview and up only).
        exclude_protected: destroy all but the protected resources and what they need (destroy only).
        continue_on_error: go on with what does not depend on a failed step (up and destroy).
        refresh: first record what the providers say the resources are now (preview, up and destroy).
        save_plan: file to which a preview writes what an update would do.
        plan: such a file, to which preview and up are held: PlanViolation for anything else.
        answer_seconds: how long a plugin may take to answer a question (0: without end; else
            DATAHALL_ANSWER_SECONDS, else ten minutes, or `provider_timeout` if that is shorter).
        provider_timeout: seconds that a provider has for what it does to a resource without customTimeouts
            (0: without end; else DATAHALL_PROVIDER_TIMEOUT, else three hours).
        message: kept in the history.
        program: an inline program; else the project's own is run.
        config: full keys (`aws:region`) to values; else the stack's file is read.
        on_event: called with each event, one at a time, from the engine's threads.
    """

    backend: Path | Backend
    plugin_path: Sequence[Path] = ()
    attach: Mapping[str, Port] = field(default_factory=dict)
    pool: PluginPool | None = None
    policy_packs: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    parallel: int = 16
    passphrase: str | None = None
    expect_no_changes: bool = False
    target: Sequence[str] = ()
    target_dependents: bool = False
    exclude: Sequence[str] = ()
    exclude_dependents: bool = False
    replace: Sequence[str] = ()
    exclude_protected: bool = False
    continue_on_error: bool = False
    refresh: bool = False
    save_plan: Path | None = None
    plan: Path | None = None
    answer_seconds: float | None = None
    provider_timeout: float | None = None
    message: str = ""
    program: Callable[[], Any] | None = None
    config: Mapping[str, str] | None = None
    on_event: Callable[[Event], None] | None = None


@dataclass(frozen=True)
class Result:
    """The outcome of an operation; `changed` is false when every step was SAME or READ.

    `before` are the resources as they were recorded, `after` those that it dealt with, by URN.
    """

    summary: Mapping[Op, int]
    outputs: dict[str, Any]
    policy: list[PolicyResult]
    changed: bool
    seconds: float
    before: Mapping[str, ResourceState] = field(default_factory=dict, repr=False)
    after: Mapping[str, ResourceState] = field(default_factory=dict, repr=False)
