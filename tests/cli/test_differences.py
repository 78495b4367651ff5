"""What `--diff` says of one changed property."""

from __future__ import annotations

import json

import pytest

from datahall.differences import told
from datahall.engine import PropertyDiff

SCRIPT = "#!/bin/sh\nset -e\nserve --port 80\n"
POLICY = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["get"]}]}
WIDER = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["get", "put"]}]}


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (PropertyDiff("size", "update-replace", 1, 2), ["~ size: 1 => 2 (forces replacement)"]),
        (PropertyDiff("note", "add", None, "n"), ['+ note: "n"']),
        (PropertyDiff("note", "delete", "n", None), ['- note: "n"']),
        (
            PropertyDiff("tags", "update", {"a": 1, "b.c": 2, "d": 3}, {"a": 1, "b.c": 4, "e": [5]}),
            ['~ tags["b.c"]: 2 => 4', "- tags.d: 3", "+ tags.e: [5]"],
        ),
        (PropertyDiff("ports", "update", [1, 2], [1, 3, 4]), ["~ ports[1]: 2 => 3", "+ ports[2]: 4"]),
        (
            PropertyDiff("policy", "update", json.dumps(POLICY), json.dumps(WIDER)),
            ['+ policy.Statement[0].Action[1]: "put"'],
        ),
        (
            PropertyDiff("userData", "update", SCRIPT, SCRIPT.replace("80", "443")),
            ["~ userData:", "     set -e", "    -serve --port 80", "    +serve --port 443", "     "],
        ),
        (PropertyDiff("any", "update", {"a": 1}, [1]), ['~ any: {"a": 1} => [1]']),
        (PropertyDiff("text", "update", "{ a", "{ b"), ['~ text: "{ a" => "{ b"']),
        (PropertyDiff("json", "update", '{"a":1}', '{"a": 1}'), ['~ json: "{\\"a\\":1}" => "{\\"a\\": 1}"']),
        (PropertyDiff("key", "update", "[secret]", "[secret]"), ['~ key: "[secret]" => "[secret]"']),
        (
            PropertyDiff("env", "update", {"a": "[secret]", "b": 1}, {"a": "[secret]", "b": 1}),
            ['~ env: {"a": "[secret]", "b": 1} => {"a": "[secret]", "b": 1}'],
        ),
    ],
)
def test_lines(change: PropertyDiff, lines: list[str]) -> None:
    assert told(change) == lines


def test_long_objects_and_texts_are_laid_out_and_cut() -> None:
    assert told(PropertyDiff("tags", "add", None, {"a": "x" * 90, "b": {"c": 1}})) == [
        f'+ tags.a: "{"x" * 90}"',
        '+ tags.b: {"c": 1}',
    ]
    text = told(PropertyDiff("text", "add-replace", None, "\n".join(f"line {n}" for n in range(50))))
    assert text[:2] == ["+ text: (forces replacement)", "    +line 0"]
    assert text[-1] == "  (11 more lines)"


def test_where_long_lines_differ_is_seen() -> None:
    (line,) = told(PropertyDiff("key", "update", f"{'x' * 200}old", f"{'x' * 200}new"))
    assert line == f'~ key: ..."{"x" * 20}old" => ..."{"x" * 20}new"'


def test_between_two_places_of_a_text_there_is_a_gap() -> None:
    old = "\n".join("abcdefghij")
    lines = told(PropertyDiff("text", "update", old, old.replace("b", "B").replace("i", "I")))
    assert [line[4:] for line in lines[1:]] == [" a", "-b", "+B", " c", "...", " h", "-i", "+I", " j"]


def test_a_text_of_brackets_is_not_laid_out() -> None:
    lines = told(PropertyDiff("text", "add", None, "[" * 100_000 + "]" * 100_000))
    assert lines == ["+ text: (nested too deeply to show)"]


def test_a_text_cannot_command_the_terminal() -> None:
    lines = told(PropertyDiff("text", "update", "a\nb", "a\n\x1b[2J"))
    assert lines[-1] == "    +\\x1b[2J"


def test_blank_json_is_shown_as_the_text_it_is() -> None:
    assert len(told(PropertyDiff("text", "add", None, "{" + " " * 200 + "}"))) == 1
