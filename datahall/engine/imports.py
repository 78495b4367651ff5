"""`import_`: a resource that is there already becomes the stack's own; nothing is created or changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from datahall.engine import providers, steps
from datahall.engine.checkpoint import now
from datahall.engine.deployment import Deployment
from datahall.engine.diff import custom_change
from datahall.engine.errors import ProviderFailed
from datahall.engine.events import Op
from datahall.engine.paths import lookup, parse_path
from datahall.engine.resources import with_secret_outputs
from datahall.engine.state import ResourceState
from datahall.engine.values import contains_unknown, mark_secrets

Judge = Callable[[ResourceState], ResourceState]


def wanted(old: ResourceState | None, state: ResourceState) -> bool:
    """Whether there is something to import: nothing of ours is recorded yet, or it has another id."""
    if not state.import_id:
        return False
    return old is None or old.external or (old.import_id or old.id) != state.import_id


def import_resource(
    d: Deployment, old: ResourceState | None, state: ResourceState, judge: Judge
) -> ResourceState:
    """Record what has the id that the program gives; what stood here before is deleted at the end.

    `judge` gives the state with checked inputs, which must be those that the resource has. Raises
    ProviderFailed, and records nothing, if they are not, or if there is no such resource.
    """
    replaced = old if old is not None and not (old.external or old.pending_replacement) else None
    if replaced is not None:
        steps.refuse_protected(d, replaced, state)
    op = Op.IMPORT_REPLACEMENT if replaced else Op.IMPORT
    with steps.told(d, state, op, old=replaced, planned=()) as tell:  # a plan has its id instead
        new = _imported(d, state, judge)
        tell(new)
        with d.lock:
            d.imported.setdefault((new.type, new.id), set()).add(new.urn)
        if replaced is None:
            d.snapshot.add(new, old=old)
        else:
            condemned = replace(replaced, delete=True)
            d.snapshot.add_beside(new, intent=None, old=replaced, condemned=condemned)
            with d.lock:
                d.replaced.update({replaced.urn, state.urn})
                d.condemned.append(condemned)
        return steps.keep(d, new)


def refuse_replacement(d: Deployment, state: ResourceState) -> None:
    """Raise ProviderFailed for a replacement of what the program still imports: its id would be another."""
    if not state.import_id:
        return
    error = ProviderFailed(
        f"{state.urn}: import_: what was imported would be replaced; take `import_` from it first"
    )
    if not d.dry_run:
        raise error
    d.remember(error)


def _imported(d: Deployment, state: ResourceState, judge: Judge) -> ResourceState:
    plugin = providers.of_resource(d, state)
    if d.dry_run and not plugin.configured:  # what it will be asked with is not known yet
        return replace(state, id=state.import_id, outputs={})
    with d.slot():
        found = read_existing(d, state, "import_")
    asked = judge(found)
    found = _secret_as(asked, found)
    with d.slot():
        answer = plugin.diff(found, asked.inputs, asked.ignore_changes)
    change = custom_change(
        answer, old_inputs=found.inputs, old_outputs=found.outputs, new_inputs=asked.inputs
    )
    differing = [
        item.path
        for item in change.diff
        if not contains_unknown(lookup(asked.inputs, parse_path(item.path)))  # a preview cannot tell yet
    ]
    if differing or (change.changes and not change.diff):
        raise ProviderFailed(
            f"{state.urn}: import_: the program's inputs do not match those of {state.import_id}: "
            f"{', '.join(sorted(differing)) or 'the provider does not say which'}; "
            "give what it has, or name them in ignore_changes"
        )
    stamp = now()
    return replace(found, created=stamp, modified=stamp)


def read_existing(d: Deployment, state: ResourceState, word: str) -> ResourceState:
    """The resource that has the id to import, as its provider reads it.

    Raises ProviderFailed if there is none, or it cannot be read; `word` is what asked for it.
    """
    plugin = providers.of_resource(d, state)
    outcome = plugin.read(state, state.import_id, {}, {})
    if outcome is None:
        raise ProviderFailed(
            f"{state.urn}: {word}: {state.import_id}: no such resource; correct the id, or leave it out"
        )
    if outcome.inputs is None:
        raise ProviderFailed(
            f"{state.urn}: {word}: provider {plugin.name} reads no inputs, so it cannot import; leave it out"
        )
    if outcome.errors:
        d.events.say("warning", f"it is not ready: {'; '.join(outcome.errors)}", state.urn)
    return replace(
        state,
        id=outcome.id,
        inputs=outcome.inputs,
        outputs=outcome.outputs,
        init_errors=outcome.errors,
    )


def _secret_as(asked: ResourceState, found: ResourceState) -> ResourceState:
    """What was read, secret where the program's inputs are: a provider's read has no such marks."""
    return replace(
        found,
        inputs=mark_secrets(found.inputs, asked.inputs),
        outputs=with_secret_outputs(asked, mark_secrets(found.outputs, asked.inputs)),
    )
