"""From AWS's answers to a resource's outputs, and from those back to its inputs."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from datahall.sandbox.aws.plugin.compare import covers, merged, same
from datahall.sandbox.aws.plugin.paths import search
from datahall.sandbox.aws.plugin.properties import Plain
from datahall.sandbox.aws.plugin.run import Run, error_code
from datahall.sandbox.aws.plugin.shapes import absent, from_api, member_for
from datahall.sandbox.aws.plugin.table import Call, Text


class GoneError(LookupError):
    """The resource is not there (any more)."""


def outputs(run: Run) -> dict[str, Any]:
    """Every output that the type declares, as AWS tells it now; GoneError if the resource is not there."""
    found: dict[str, Any] = {}
    for index, step in enumerate(run.row.read):
        if not isinstance(step, Call):
            step(run, found)
            continue
        picked = _answer(run, step, first=index == 0)
        if index == 0:
            _refuse_gone_state(run, picked)
        if index == 0 or step.auto:
            _by_name(run, picked, found)
            for part in step.parts.split():
                _by_name(run, search(part, picked), found)
        for name, path in step.into.items():
            _set(run, found, name, search(path, picked))
    return _completed(run, found)


def state_of(run: Run) -> tuple[str, str]:
    """The state that the row's `wait` looks at, and the reason AWS gives for it."""
    wait = run.row.wait
    step = run.row.read[0]
    if wait is None or not isinstance(step, Call):
        return "", ""
    picked = _answer(run, step, first=True)
    reason = search(wait.reason, picked) if wait.reason else ""
    return str(search(wait.state, picked) or ""), str(reason or "")


def inputs(run: Run, live: dict[str, Any], old_state: dict[str, Any]) -> dict[str, Any]:
    """Inputs as the live resource has them, in the words of the old inputs wherever these still hold.

    Without old inputs (an import) they are all that AWS tells and a program would have to give.
    """
    ordered, documents = run.row.ordered.split(), run.row.json.split()
    declared = run.schema.inputs
    result = {name: value for name, value in run.new.items() if name.startswith("__")}
    for name, property in declared.items():
        now, given = live.get(name), run.new.get(name)
        if name in run.new:
            if covers(property.shape, given, now, path=name, ordered=ordered, documents=documents):
                result[name] = given
            elif now is not None:
                result[name] = merged(property.shape, given, now, old_state.get(name))
        elif _tells(run, name, now, old_state, imported=not run.new):
            result[name] = now
    if not run.new:
        _drop_alternatives(run, result)
    if "tagsAll" in live:
        result["tagsAll"] = live["tagsAll"]
    return result


def _drop_alternatives(run: Run, result: dict[str, Any]) -> None:
    """AWS tells both of what a program may give one of, such as a zone's name and its id, and more."""
    for group in (*run.row.exactly_one, *run.row.at_most_one):
        told = [path for path in group.split() if _parent(result, path).get(path.rsplit(".")[-1])]
        for path in told[1:]:
            _remove(result, path)
    for path in run.row.told.split():
        _remove(result, path)


def _parent(values: dict[str, Any], path: str) -> dict[str, Any]:
    head, _, member = path.partition(".")
    inner = values.get(head) if member else values
    return inner if isinstance(inner, dict) else {}


def _remove(result: dict[str, Any], path: str) -> None:
    head, _, member = path.partition(".")
    if not member:
        result.pop(head, None)
    elif head in result:
        result[head] = {name: value for name, value in result[head].items() if name != member}


def _tells(run: Run, name: str, now: Plain, old_state: dict[str, Any], *, imported: bool) -> bool:
    """Whether a property that no program gave must show as an input: drift, or an import."""
    if now in (None, "", [], {}, 0, False) or name in run.row.kept.split():
        return False
    computed = name in run.schema.outputs and not run.schema.outputs[name].optional
    if imported:
        fixed = {path.split(".")[0] for path in run.row.replace.split()}
        return run.schema.inputs[name].required or not computed or name in fixed
    return not computed and old_state.get(name) != now


def _answer(run: Run, step: Call, *, first: bool) -> Plain:
    try:
        picked = run.do(step)
    except ClientError as error:
        code = error_code(error)
        if code in step.absent:
            return {}
        if first and code in run.row.gone:
            raise GoneError(run.id) from error
        raise
    if picked is None and first:
        raise GoneError(run.id)
    return picked if picked is not None else {}


def _refuse_gone_state(run: Run, picked: Plain) -> None:
    wait = run.row.wait
    if wait and wait.gone and search(wait.state, picked) in wait.gone:
        raise GoneError(run.id)


def _by_name(run: Run, picked: Plain, found: dict[str, Any]) -> None:
    if not isinstance(picked, dict):
        return
    given = run.row.outputs
    for name in run.schema.outputs:
        rule = given.get(name)
        if isinstance(rule, Text):
            continue
        if rule is not None:
            _set(run, found, name, search(rule, picked))
            continue
        member = member_for("tags" if name == "tagsAll" else name, picked)
        if name == "tagsAll" and member is None:
            member = next((m for m in ("TagSet", "TagList", "tagSet") if m in picked), None)
        if member is not None:
            _set(run, found, name, picked[member])


def _set(run: Run, found: dict[str, Any], name: str, raw: Plain) -> None:
    property = run.schema.outputs[name]
    value = from_api(property.shape, raw, name, run.row.names)
    if value is not None:
        found[name] = value


def _completed(run: Run, found: dict[str, Any]) -> dict[str, Any]:
    """Kept inputs, tags, region, made-up texts; then what AWS does not tell, as Pulumi shows absence."""
    declared = run.schema.outputs
    for path in run.row.kept.split():
        _keep(run, path, found)
    if "tagsAll" in declared:
        _split_tags(run, found)
    if "region" in declared:
        found["region"] = run.region
    for name, rule in run.row.outputs.items():
        if isinstance(rule, Text):
            found[name] = run.text(rule, found)
    if run.row.name and run.row.name.prefix_property in declared:
        found.setdefault(run.row.name.prefix_property, run.new.get(run.row.name.prefix_property, ""))
    result = {}
    for name, property in declared.items():
        value, given = found.get(name), run.new.get(name)
        if name in run.schema.inputs and given is not None and _same(run, name, given, value):
            value = given  # in the program's own words and order
        result[name] = absent(property) if value is None else value
    return result


def _same(run: Run, name: str, given: Plain, live: Plain) -> bool:
    ordered, documents = run.row.ordered.split(), run.row.json.split()
    shape = run.schema.outputs[name].shape
    return same(shape, given, live, path=name, ordered=ordered, documents=documents)


def _split_tags(run: Run, found: dict[str, Any]) -> None:
    live = {key: value for key, value in (found.get("tagsAll") or {}).items() if not key.startswith("aws:")}
    own = run.new.get("tags") or {}
    found["tagsAll"] = live
    found["tags"] = {
        key: value for key, value in live.items() if key in own or run.default_tags.get(key) != value
    }


def _keep(run: Run, path: str, found: dict[str, Any]) -> None:
    """An input that AWS does not tell, or a member of one that it tells without it."""
    head, _, member = path.partition(".")
    value = run.new.get(head, run.state.get(head, run.row.defaults.get(head)))
    if member and isinstance(value, dict):
        if member in value:
            found[head] = {**(found.get(head) or {}), member: value[member]}
    elif not member and value is not None:
        found[head] = value
