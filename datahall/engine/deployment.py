"""What the parts of one run share."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from datahall.engine.analyzer import Analyzers
from datahall.engine.autonaming import read_autonaming
from datahall.engine.callbacks import Callbacks
from datahall.engine.config import Config
from datahall.engine.errors import EngineError, PlanViolation
from datahall.engine.eventlog import EventLog
from datahall.engine.hooks import Hooks
from datahall.engine.places import Places
from datahall.engine.plan import ResourcePlan
from datahall.engine.planner import Planner
from datahall.engine.registry import Registry
from datahall.engine.snapshot import Snapshot
from datahall.engine.state import ResourceState
from datahall.engine.targets import Targets
from datahall.engine.urn import is_provider
from datahall.engine.values import Properties


class Stopped(Exception):  # noqa: N818 - a signal to unwind, not an error of its own
    """The run is ending because something failed; what failed is recorded in the deployment."""


@dataclass
class Deployment:
    """One run over one stack.

    `root` is the project's folder, `folder` the program's: relative paths of assets start there. `olds` are
    the live resources of the previous state by URN, `recorded` its providers by reference; `news` are those
    that this run has dealt with. `deleted` holds URNs that were deleted ahead of their replacement,
    `condemned` states to be deleted at the end, `unfinished` components whose after-hooks of a kind wait for
    their outputs, with what was recorded before, `imported` the URNs under which the stack has what
    it imported, by type and id. The run is held to `plan`, and notes what it does if `save_plan`. `lock`
    guards these collections.
    """

    project: str
    stack: str
    dry_run: bool
    root: Path
    folder: Path
    config: Config
    events: EventLog
    registry: Registry
    analyzers: Analyzers
    snapshot: Snapshot
    parallel: int
    olds: dict[str, ResourceState]
    recorded: dict[str, ResourceState]
    condemned: list[ResourceState]
    targets: Targets
    plan: dict[str, ResourcePlan] | None = None
    save_plan: bool = False
    news: dict[str, ResourceState] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    aliased: dict[str, tuple[str, ...]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    stack_outputs: Properties | None = None
    callbacks: Callbacks = field(default_factory=Callbacks)
    unfinished: dict[str, tuple[str, ResourceState | None]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _errors: list[EngineError] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._slots = threading.BoundedSemaphore(max(1, self.parallel))
        self._gone = threading.Condition(self.lock)
        self.imported: dict[tuple[str, str], set[str]] = {}
        for old in self.olds.values():
            if old.import_id:
                self.imported.setdefault((old.type, old.id), set()).add(old.urn)
        self.autonaming = read_autonaming(self.config.values, self.project, self.stack)
        self.places = Places(self.root)
        self.hooks = Hooks(self.callbacks, dry_run=self.dry_run, warn=self._warn)
        self.planner = Planner(self.plan, noting=self.save_plan, tell=self._violates_plan)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One of the `parallel` places for a provider operation. Raises Stopped."""
        with self._slots:
            self.go_on()
            yield

    def _warn(self, message: str, urn: str) -> None:
        self.events.say("warning", message, urn)

    def _violates_plan(self, error: PlanViolation) -> None:
        if not self.dry_run:
            raise error
        self.remember(error)

    def recorded_urn(self, urn: str) -> bool:
        """Whether the previous state has a resource of that URN."""
        return urn in self.olds or any(state.urn == urn for state in self.condemned)

    def known_urn(self, urn: str) -> bool:
        """Whether the previous state or the program has a resource of that URN."""
        return urn in self.claimed or self.recorded_urn(urn)

    def go_on(self) -> None:
        """Raise Stopped if the run is ending."""
        if self._stopped.is_set():
            raise Stopped

    def fail(self, error: EngineError) -> None:
        """Record a failure and begin no more steps."""
        with self.lock:
            self._errors.append(error)
            self._stopped.set()
            self._gone.notify_all()

    def went(self, gone: ResourceState) -> None:
        """A resource was deleted ahead of its replacement; `gone` is the record of it."""
        with self.lock:
            self.olds[gone.urn] = gone
            self._gone.notify_all()

    def until_gone(self, urn: str) -> ResourceState | None:
        """What is recorded under a URN, once the step that deletes it ahead is done. Raises Stopped."""

        def settled() -> bool:
            old = self.olds.get(urn)
            return self.stopped or urn not in self.deleted or old is None or old.pending_replacement

        with self.lock:
            self._gone.wait_for(settled)
            self.go_on()
            return self.olds.get(urn)

    def remember(self, error: EngineError) -> None:
        """Record a failure of a preview, which goes on to show the rest."""
        with self.lock:
            self._errors.append(error)

    @property
    def stopped(self) -> bool:
        """Whether the run is ending because something failed."""
        return self._stopped.is_set()

    @property
    def errors(self) -> list[EngineError]:
        """What failed, the first first."""
        with self.lock:
            return list(self._errors)


def split(
    resources: Iterable[ResourceState],
) -> tuple[dict[str, ResourceState], dict[str, ResourceState], list[ResourceState]]:
    """A state as (live by URN, providers by reference, to be deleted)."""
    olds: dict[str, ResourceState] = {}
    recorded: dict[str, ResourceState] = {}
    condemned: list[ResourceState] = []
    for state in resources:
        if is_provider(state.type):
            recorded[state.reference] = state
        if state.delete:
            condemned.append(state)
        else:
            olds[state.urn] = state
    return olds, recorded, condemned
