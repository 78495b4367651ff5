"""Bodies of predict requests."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workloads.serving.instances import parse
from workloads.serving.problem import ProblemError

WIDTH = 3


def body(*rows: object) -> bytes:
    return json.dumps({"instances": list(rows)}).encode()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.floats(0, 1) | st.sampled_from([0, 1]), min_size=3, max_size=3), min_size=1))
def test_numbers_from_0_to_1_are_taken_as_they_are(rows: list[list[float]]) -> None:
    parsed = parse(body(*rows), width=WIDTH, most=len(rows))
    assert parsed.dtype == np.float32
    assert np.array_equal(parsed, np.asarray(rows, np.float32))


@pytest.mark.parametrize(
    ("content", "status", "field", "rule"),
    [
        (b"", 400, "body", "must be JSON"),
        (b"{", 400, "body", "must be JSON"),
        (b'{"instances": [[0, 0, NaN]]}', 400, "body", "NaN is not JSON"),
        (b'{"instances": [[0, 0, -Infinity]]}', 400, "body", "-Infinity is not JSON"),
        (b"\xff\xfe{}", 400, "body", "utf-8"),
        (b"[" * 100_000, 400, "body", "nested too deeply"),
        (b'{"instances": [[0, 0, ' + b"9" * 5000 + b"]]}", 400, "body", "must be JSON"),
        (b"[]", 422, "instances", "must be a member"),
        (b"{}", 422, "instances", "must be a member"),
        (b'{"inputs": []}', 422, "instances", "must be a member"),
        (b'{"instances": [[0, 0, 0]], "parameters": {}}', 422, "parameters", "is not known"),
        (b'{"instances": {}}', 422, "instances", "list of at least one"),
        (b'{"instances": []}', 422, "instances", "list of at least one"),
        (b'{"instances": null}', 422, "instances", "list of at least one"),
        (body([0] * 3, [0] * 3, [0] * 3), 413, "instances", "at most 2"),
        (body([0] * 3, [0] * 2), 422, "instances[1]", "list of 3 numbers"),
        (body([]), 422, "instances[0]", "list of 3 numbers"),
        (body("000"), 422, "instances[0]", "list of 3 numbers"),
        (body([[0, 0, 0]]), 422, "instances[0]", "list of 3 numbers"),
        (body([0, "0", 0]), 422, "instances[0][1]", "number from 0 to 1"),
        (body([0, 0, True]), 422, "instances[0][2]", "number from 0 to 1"),
        (body([0, None, 0]), 422, "instances[0][1]", "number from 0 to 1"),
        (body([0, 0, 0], [0, 1.001, 0]), 422, "instances[1][1]", "number from 0 to 1"),
        (body([-1e-9, 0, 0]), 422, "instances[0][0]", "number from 0 to 1"),
        (b'{"instances": [[0, 1e999, 0]]}', 422, "instances[0][1]", "number from 0 to 1"),
        (body([0, 10**400, 0]), 422, "instances[0][1]", "number from 0 to 1"),
    ],
)
def test_a_body_that_does_not_fit_is_named(content: bytes, status: int, field: str, rule: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse(content, width=WIDTH, most=2)
    assert (caught.value.status, caught.value.field) == (status, field)
    assert rule in caught.value.rule
    assert len(str(caught.value)) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)


@settings(deadline=None, max_examples=60)
@given(st.binary() | JSON.map(lambda v: json.dumps({"instances": v}).encode()))
def test_any_body_is_taken_or_refused(content: bytes) -> None:
    try:
        rows = parse(content, width=WIDTH, most=2)
    except ProblemError as problem:
        told = problem.as_dict()
        assert all(told.values()) or told["value"] == ""
        return
    assert rows.shape[1] == WIDTH
    assert math.isfinite(rows.sum())
