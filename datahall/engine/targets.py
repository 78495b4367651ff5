"""Which resources an operation may touch: `target`, `exclude` and `replace`.

Providers and the stack itself are always handled. What is left alone keeps its recorded state; a creation
that is left alone is not known to what depends on it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Sequence

from datahall.engine import urn as urns
from datahall.engine.errors import InvalidTarget
from datahall.engine.options import Options
from datahall.engine.state import ResourceState


class Patterns:
    """URNs, given whole or with wildcards: `*` stops at a colon, `**` does not."""

    def __init__(self, given: Iterable[str]) -> None:
        self.whole = [text for text in given if "*" not in text]
        self._globs = [_glob(text) for text in given if "*" in text]
        self._known = set(self.whole)

    def __bool__(self) -> bool:
        return bool(self.whole or self._globs)

    def __contains__(self, urn: str) -> bool:
        return urn in self._known or any(glob.fullmatch(urn) for glob in self._globs)

    def grow(self, urn: str) -> None:
        """Take in a dependent."""
        self._known.add(urn)


def _glob(text: str) -> re.Pattern[str]:
    parts = ["[^:]*".join(re.escape(piece) for piece in part.split("*")) for part in text.split("**")]
    return re.compile(".*".join(parts))


class Targets:
    """What was asked for, and what came of it. Safe to use from many threads. Raises InvalidTarget.

    `held` are recorded resources that were left alone, `skipped` URNs of creations that were. With
    `continue_on_error`, `broken` are URNs of what failed, and `passed_over` of what depends on that.
    """

    def __init__(self, options: Options, protected: Collection[str] = ()) -> None:
        if options.target and (options.exclude or options.exclude_protected):
            raise InvalidTarget("target: given together with exclude; give one of them")
        self.target = Patterns(options.target)
        self.exclude = Patterns([*options.exclude, *protected])
        self.replace = Patterns(options.replace)
        self.held: list[ResourceState] = []
        self.skipped: set[str] = set()
        self.broken: set[str] = set()
        self.passed_over: set[str] = set()
        self.continues = options.continue_on_error
        self._given = options
        self._lock = threading.Lock()

    @property
    def constrained(self) -> bool:
        """Whether anything may be left alone."""
        return bool(self.target or self.exclude)

    def untouched(self, urn: str) -> bool:
        """Whether a resource that the program registered was left alone."""
        lost = urn in self.skipped or urn in self.broken or urn in self.passed_over
        return lost or any(state.urn == urn for state in self.held)

    def include(self, state: ResourceState) -> bool:
        """Whether a registered resource is to be brought to its goal."""
        return urns.is_provider(state.type) or state.type == urns.STACK_TYPE or self.select(state)

    def select(self, state: ResourceState) -> bool:
        """Whether a resource is asked for; ask in dependency order, as its dependents then may be too."""
        with self._lock:
            if self.target:
                if state.urn in self.target:
                    return True
                return self._given.target_dependents and _follows(state, self.target)
            if state.urn in self.exclude:
                return False
            return not (self._given.exclude_dependents and _follows(state, self.exclude))

    def check_known(self, patterns: Patterns, known: Callable[[str], bool]) -> None:
        """Raise InvalidTarget for a whole URN that is neither recorded nor registered."""
        missing = [urn for urn in patterns.whole if not known(urn)]
        if missing:
            hint = "" if all("$" in urn for urn in missing) else "; did the shell take a $ away?"
            raise InvalidTarget(f"target: {', '.join(missing)}: not found in the stack{hint}")

    def check_dependencies(self, state: ResourceState, known: Callable[[str], ResourceState | None]) -> None:
        """Raise InvalidTarget for one that cannot be recorded without a change of an untargeted one."""
        needs = state.needs()
        for urn in sorted(needs & self.skipped):
            raise InvalidTarget(
                f"target: {state.urn}: depends on {urn}, which does not exist and is not targeted; "
                "target it too"
            )
        if not self.held:
            return
        held = {old.urn for old in self.held}
        names = {state.urn, *state.aliases}
        for urn in sorted(needs & held):
            if not names.isdisjoint(closure([urn], lambda each: _needs(known(each)))):
                raise InvalidTarget(
                    f"target: {state.urn}: depends on {urn}, which is not targeted and is recorded as "
                    "depending on it; target both"
                )

    def deletions(
        self, wanted: Sequence[ResourceState], recorded: Sequence[ResourceState]
    ) -> tuple[list[ResourceState], InvalidTarget | None]:
        """Those of `wanted` that may be deleted, and what forbids some of them."""
        if not (self.constrained or self.broken):
            return list(wanted), None
        by_urn = {state.urn: state for state in recorded}
        dependents: dict[str, list[str]] = {}
        for state in recorded:
            for urn in state.needs():
                dependents.setdefault(urn, []).append(state.urn)

        def needs(urn: str) -> Collection[str]:
            return _needs(by_urn.get(urn))

        lost = self.broken | self.passed_over
        needed = closure([*(state.urn for state in self.held), *lost], needs)
        left = [state for state in wanted if state.urn not in needed]
        if self.target:
            chosen = [state.urn for state in recorded if state.urn in self.target]
            going = closure(chosen, lambda urn: dependents.get(urn, ()))
            found = [state for state in left if state.urn in going]
            return found, self._unasked(found)

        if not self.exclude:
            return left, None

        def kept_with(urn: str) -> Collection[str]:
            more = dependents.get(urn, ()) if self._given.exclude_dependents else ()
            return [*needs(urn), *more]

        kept = closure([state.urn for state in recorded if state.urn in self.exclude], kept_with)
        return [state for state in left if state.urn not in kept], None

    def _unasked(self, found: Sequence[ResourceState]) -> InvalidTarget | None:
        unasked = sorted({state.urn for state in found if state.urn not in self.target})
        if not unasked or self._given.target_dependents:
            return None
        return InvalidTarget(
            f"target: {', '.join(unasked)}: would be deleted too, but is not targeted; target it, or add "
            "target_dependents"
        )


def closure(start: Iterable[str], after: Callable[[str], Collection[str]]) -> set[str]:
    """Everything that can be reached."""
    found: set[str] = set()
    frontier = list(start)
    while frontier:
        urn = frontier.pop()
        if urn not in found:
            found.add(urn)
            frontier.extend(after(urn))
    return found


def _needs(state: ResourceState | None) -> Collection[str]:
    return state.needs() if state is not None else ()


def _follows(state: ResourceState, patterns: Patterns) -> bool:
    if not any(urn in patterns for urn in state.needs()):
        return False
    patterns.grow(state.urn)
    return True
