"""A run's dealings with plans: what it does is noted as a plan, and held to an earlier one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from datahall.engine.errors import PlanViolation
from datahall.engine.goal import Goal
from datahall.engine.plan import (
    ResourcePlan,
    allows,
    changes,
    goal_plan,
    goal_violations,
    property_violations,
    unplanned,
)
from datahall.engine.state import ResourceState
from datahall.engine.values import Properties

SEED_BYTES = 32
_ADVICE = "change the program back, or preview again and save a new plan"


class Planner:
    """Notes a plan if `noting`, and tells what violates `held_to` before it is done; both may be off."""

    def __init__(
        self,
        held_to: Mapping[str, ResourcePlan] | None,
        *,
        noting: bool,
        tell: Callable[[PlanViolation], None],
    ) -> None:
        self.noted: dict[str, ResourcePlan] = {}
        self._held_to = held_to
        self._left = {urn: list(plan.steps) for urn, plan in (held_to or {}).items()}
        self._noting = noting
        self._tell = tell
        self._on = noting or held_to is not None
        self._lock = threading.Lock()

    def seed(self, urn: str) -> bytes:
        """Random bytes for a resource's names: those of the plan, and always the same in one run."""
        if self._held_to is not None and urn in self._held_to and self._held_to[urn].seed:
            return self._held_to[urn].seed
        if not self._noting:
            return os.urandom(SEED_BYTES)
        with self._lock:
            known = self.noted.get(urn, ResourcePlan())
            if not known.seed:
                self.noted[urn] = known = replace(known, seed=os.urandom(SEED_BYTES))
            return known.seed

    def goal(self, goal: Goal, state: ResourceState, old: ResourceState | None, *, anew: bool) -> None:
        """A registration with checked inputs; `anew` where nothing is taken over from `old`."""
        if not self._on:
            return
        asked = goal_plan(goal, state)
        old_inputs = old.inputs if old is not None else {}
        if self._noting:
            with self._lock:
                known = self.noted.get(state.urn, ResourcePlan())
                planned = replace(asked, inputs=changes({} if anew else old_inputs, state.inputs))
                self.noted[state.urn] = replace(known, goal=planned)
        if self._held_to is None:
            return
        plan = self._held_to.get(state.urn)
        if plan is None and old is None:
            if goal.import_id:  # its creation would be found not to be planned; an import is no planned step
                self._violated(state.urn, "import, planned: nothing of this resource")
            return
        bound = plan.goal if plan is not None else unplanned(asked, old) if old is not None else None
        if bound is None:
            self._violated(state.urn, "it was planned to be deleted, and the program has it")
            return
        found = list(goal_violations(bound, asked))
        self._violated(state.urn, *found, *property_violations(bound.inputs, old_inputs, state.inputs))

    def step(self, urn: str, *ops: str) -> None:
        """Steps that are about to be done."""
        if not self._on or not ops:
            return
        with self._lock:
            if self._noting:
                known = self.noted.get(urn, ResourcePlan())
                self.noted[urn] = replace(known, steps=(*known.steps, *ops))
            refused = [] if self._held_to is None else [self._refused(urn, op) for op in ops]
        self._violated(urn, *filter(None, refused))

    def _refused(self, urn: str, op: str) -> str:
        left = self._left.get(urn)
        if left is None:
            return "" if allows("same", op) else f"{op}, planned: nothing of this resource"
        if not left:
            return f"{op}, planned: no more steps"
        planned = left.pop(0)
        if op in ("same", "update") and planned not in (op, "create", "update"):
            left.clear()  # it stands for a whole replacement; the official engine asks for the rest still
        return "" if allows(planned, op) else f"{op}, planned: {planned}"

    def outputs(self, urn: str, old: Properties, new: Properties) -> None:
        """Outputs of a component, or of the stack, that are about to be recorded."""
        if not self._on:
            return
        if self._noting:
            with self._lock:
                known = self.noted.get(urn, ResourcePlan())
                goal = known.goal and replace(known.goal, outputs=changes(old, new))
                self.noted[urn] = replace(known, goal=goal, outputs=new)
        if self._held_to is None:
            return
        plan = self._held_to.get(urn)
        if plan is not None and plan.goal is not None:
            self._violated(urn, *property_violations(plan.goal.outputs, old, new))

    def result(self, urn: str, outputs: Properties) -> None:
        """What a step is expected to give; it binds nobody."""
        if self._noting:
            with self._lock:
                self.noted[urn] = replace(self.noted.get(urn, ResourcePlan()), outputs=outputs)

    def end(self, recorded: Collection[str]) -> None:
        """The run has done all it does: what was planned and did not come is a violation.

        What was to be deleted and is not among the `recorded` URNs went before; what was to stay as it is
        needs no step.
        """
        for urn, left in self._left.items():
            missing = [
                op for op in left if op != "same" and (op not in ("delete", "discard") or urn in recorded)
            ]
            if missing:
                self._violated(urn, f"no {' and '.join(missing)}, which was planned")

    def _violated(self, urn: str, *what: str) -> None:
        if what:
            self._tell(PlanViolation(f"{urn}: plan: {'; '.join(what)}; {_ADVICE}"))
