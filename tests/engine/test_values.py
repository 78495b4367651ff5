"""Property values: on the wire, in the state, and compared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahall.engine import urn
from datahall.engine.diff import changed_inputs
from datahall.engine.paths import format_path, lookup, parse_path, restore
from datahall.engine.secrets import Cipher
from datahall.engine.state import (
    ResourceState,
    compact,
    decode_state,
    decode_value,
    encode_state,
    encode_value,
)
from datahall.engine.values import (
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_TEXT,
    ResourceReference,
    Secret,
    Value,
    contains_secret,
    masked,
    without_secrets,
)
from datahall.engine.wire import Accepts, from_struct, to_struct

CIPHER = Cipher(bytes(32))
KEYS = st.text(min_size=1, max_size=8).filter(lambda key: key != SIGNATURE)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**52), 2**52)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=12).filter(lambda text: text != UNKNOWN_TEXT)
    | st.just(UNKNOWN)
    | st.builds(
        ResourceReference, st.just("urn:pulumi:a::b::c::d"), st.sampled_from(["x", None]), st.just("1.0.0")
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3) | st.builds(Secret, inner)
    ),
    max_leaves=12,
)
PROPERTIES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(PROPERTIES)
def test_values_survive_the_wire(properties: dict[str, Any]) -> None:
    assert from_struct(to_struct(properties)) == properties


@given(PROPERTIES)
def test_values_survive_the_state(properties: dict[str, Any]) -> None:
    text = compact(encode_value(properties, CIPHER.encrypt))
    assert decode_value(json.loads(text), CIPHER.decrypt) == properties


@given(PROPERTIES)
def test_a_provider_without_secrets_gets_them_in_the_clear(properties: dict[str, Any]) -> None:
    received = from_struct(to_struct(properties, Accepts(secrets=False)))
    assert received == without_secrets(properties)
    assert not contains_secret(received)


@given(PROPERTIES, PROPERTIES)
def test_a_diff_is_empty_exactly_for_equal_values(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert changed_inputs(old, old) == {}
    assert bool(changed_inputs(old, new)) == (json_of(old) != json_of(new))


def json_of(value: Value) -> Value:
    def key(item: Value) -> Value:
        if isinstance(item, dict):
            return ("dict", sorted((k, key(v)) for k, v in item.items()))
        if isinstance(item, list):
            return ("list", [key(v) for v in item])
        if isinstance(item, bool) or not isinstance(item, int | float):
            return (type(item).__name__, repr(item))
        return ("number", float(item))

    return key(without_secrets(value))


def test_state_keeps_what_it_does_not_know() -> None:
    data = {
        "urn": "urn:pulumi:dev::proj::a:b:C::c",
        "custom": True,
        "id": "i",
        "type": "a:b:C",
        "sourcePosition": "project:///x.py#1",
        "refreshBeforeUpdate": True,
        "hideDiff": ['tags[0]["a.b"]'],
        "created": "2026-01-01T00:00:00Z",
    }
    state = decode_state(data, None)
    assert state.hide_diff == ('tags[0]["a.b"]',)
    assert encode_state(state, CIPHER.encrypt) == data


def test_empty_fields_are_left_out_of_the_state() -> None:
    state = ResourceState(urn="urn:pulumi:dev::proj::a:b:C::c", type="a:b:C", custom=False)
    assert encode_state(state, CIPHER.encrypt) == {"urn": state.urn, "custom": False, "type": "a:b:C"}


def test_masks() -> None:
    assert masked({"a": Secret([1]), "b": [UNKNOWN], "c": 2}) == {"a": "[secret]", "b": ["[unknown]"], "c": 2}
    assert "word" not in repr(Secret("word"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["b.c"][*]', ("a", "b.c", "*")),
        (r'["q\"q"]', ('q"q',)),
    ],
)
def test_paths(text: str, parts: tuple[str | int, ...]) -> None:
    assert parse_path(text) == parts
    assert parse_path(format_path(parts)) == parts


@pytest.mark.parametrize("text", ["a[", "a[x]", '["a', "a..b", "]"])
def test_bad_paths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="property path"):
        parse_path(text)


def test_lookup_and_restore_reach_through_secrets() -> None:
    old = {"a": Secret({"b": 1, "c": 2}), "list": [{"x": 1}, {"x": 2}]}
    new = {"a": Secret({"b": 9, "c": 9}), "list": [{"x": 8}, {"x": 9}]}
    assert lookup(old, ("a", "b")) == Secret(1)
    assert restore(old, new, ("a", "b"))["a"] == Secret({"b": 1, "c": 9})
    assert restore(old, new, ("list", "*", "x"))["list"] == old["list"]
    assert restore({}, {"a": 1}, ("a",)) == {}


def test_urns() -> None:
    root = urn.root("dev", "proj")
    child = urn.make("dev", "proj", root, "a:b:C", "c")
    assert child == "urn:pulumi:dev::proj::a:b:C::c"
    grandchild = urn.make("dev", "proj", child, "x:y:Z", "odd::name")
    assert grandchild == "urn:pulumi:dev::proj::a:b:C$x:y:Z::odd::name"
    assert urn.parse(grandchild).type == "x:y:Z"
    assert urn.name_of(grandchild) == "odd::name"
    assert urn.split_reference(f"{child}::id") == (child, "id")
