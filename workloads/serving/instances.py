"""From a body in KServe's v1 form to rows of numbers: {"instances": [[0.0, ...], ...]}."""

import json
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from workloads.serving.problem import ProblemError

Rows = NDArray[np.float32]
"""(n, width), each value from 0 to 1."""

_EXAMPLE = 'send {"instances": [[...], ...]}'


def parse(body: bytes, *, width: int, most: int) -> Rows:
    """The instances in a body: 1 to `most`, each of `width` numbers from 0 to 1; raises ProblemError."""
    instances = _document(body, most)["instances"]
    for i, row in enumerate(instances):
        _check_row(i, row, width)
    return _in_range(instances)


def parse_texts(body: bytes, *, most: int) -> list[str]:
    """The instances in a body: 1 to `most`, each a text that is not blank; raises ProblemError."""
    return _texts(_document(body, most)["instances"])


def parse_prompts(body: bytes, *, most: int) -> tuple[list[str], object]:
    """The same, and the body's `parameters` as they are, {} where there are none."""
    document = _document(body, most, known=("instances", "parameters"))
    return _texts(document["instances"]), document.get("parameters", {})


def _texts(instances: list[Any]) -> list[str]:
    for i, text in enumerate(instances):
        if not isinstance(text, str) or not text.strip():
            value = "blank" if isinstance(text, str) else type(text).__name__
            raise _wrong(f"instances[{i}]", value, "must be a text", 'send {"instances": ["..."]}')
    return instances


def _document(body: bytes, most: int, *, known: tuple[str, ...] = ("instances",)) -> dict[str, Any]:
    document = _json(body)
    if not isinstance(document, dict) or "instances" not in document:
        keys = ", ".join(map(str, document)) if isinstance(document, dict) else type(document).__name__
        raise _wrong("instances", keys or "missing", "must be a member of the JSON object", _EXAMPLE)
    for key in document:
        if key not in known:
            fix = f"send {' and '.join(known)} only"
            raise _wrong(key, type(document[key]).__name__, "is not known", fix)
    instances = document["instances"]
    if not isinstance(instances, list) or not instances:
        value = "[]" if instances == [] else type(instances).__name__
        raise _wrong("instances", value, "must be a list of at least one instance", _EXAMPLE)
    if len(instances) > most:
        rule, fix = f"must be at most {most} instances", "send the rest in another request"
        raise ProblemError(413, field="instances", value=f"{len(instances)} instances", rule=rule, fix=fix)
    return document


def _json(body: bytes) -> Any:  # noqa: ANN401 - anything may be sent
    def refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    try:
        return json.loads(body.decode(), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        fix = "send valid JSON in UTF-8"
        raise ProblemError(
            400, field="body", value=f"{len(body)} bytes", rule=f"must be JSON: {reason}", fix=fix
        ) from None


def _check_row(i: int, row: object, width: int) -> None:
    rule, fix = f"must be a list of {width} numbers", f"give each instance as {width} numbers"
    if not isinstance(row, list):
        raise _wrong(f"instances[{i}]", type(row).__name__, rule, fix)
    if len(row) != width:
        raise _wrong(f"instances[{i}]", f"{len(row)} numbers", rule, fix)
    if not {int, float}.issuperset(map(type, row)):
        j, value = next((j, v) for j, v in enumerate(row) if type(v) not in (int, float))
        raise _wrong(f"instances[{i}][{j}]", value, "must be a number from 0 to 1", "send a JSON number")


def _in_range(instances: list[list[float]]) -> Rows:
    try:
        rows = np.asarray(instances, dtype=np.float64)
        inside = bool(((rows >= 0) & (rows <= 1)).all())
    except OverflowError:
        inside = False
    if not inside:
        pairs = ((i, j, v) for i, row in enumerate(instances) for j, v in enumerate(row))
        i, j, value = next((i, j, v) for i, j, v in pairs if not 0 <= v <= 1)
        shown = (
            f"{value:.6g}" if isinstance(value, float) else "an integer beyond 1" if value > 1 else str(value)
        )
        raise _wrong(f"instances[{i}][{j}]", shown, "must be a number from 0 to 1", "divide pixels by 255")
    return rows.astype(np.float32)


def _wrong(field: str, value: object, rule: str, fix: str) -> ProblemError:
    return ProblemError(422, field=field, value=value, rule=rule, fix=fix)
