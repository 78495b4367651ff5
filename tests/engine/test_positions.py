"""Where resources are declared, as the state records it. What the official engine records: conformance/."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi.runtime.proto import resource_pb2, source_pb2

from datahall import engine
from datahall.engine import Op, Result
from datahall.engine.places import NOWHERE, Place, Places

from .conftest import World

PARTS = """
import pulumi
from tests.engine.programs import Thing


class Pair(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:index:Pair", name)
        for side in ("left", "right"):
            Thing(f"{name}-{side}", size=1, opts=pulumi.ResourceOptions(parent=self))
"""
PROGRAM = """
import pulumi
from pair import Pair
from tests.engine.programs import Thing, Yard

first = Thing("first", size=1)
Pair("pair")
Thing("read", opts=pulumi.ResourceOptions(id=first.id))
first.area.apply(lambda area: Thing("late", size=area))
Yard("yard", size=1)
"""


@pytest.fixture
def written(world: World) -> World:
    (world.folder / "pair.py").write_text(PARTS.strip())
    (world.folder / "__main__.py").write_text(PROGRAM.strip())
    return world


def up(world: World) -> Result:
    return engine.up(world.project, "dev", world.options)


def main(line: int) -> str:
    return f"project:///__main__.py#{line}"


def test_each_resource_has_its_place(written: World) -> None:
    up(written)
    state = written.resources()
    inner = "project:///pair.py#9"
    places = {name: state[name].source_position for name in ("first", "pair", "read", "late", "pair-left")}
    assert places == {"first": main(5), "pair": main(6), "read": main(7), "late": main(8), "pair-left": inner}
    assert state["pair-right"].stack_trace[:2] == (inner, main(6))
    assert state["first"].stack_trace == (main(5), "", "")  # `runpy` has no file
    assert (state["default"].source_position, state["default"].stack_trace) == ("", ())
    frames = [frame for each in state.values() for frame in each.stack_trace]
    assert not [frame for frame in frames if "datahall/engine" in frame]


def test_what_a_plugin_registers_stands_for_the_call_that_asked_for_it(written: World) -> None:
    up(written)
    state = written.resources()
    assert state["yard-shed"].source_position == ""
    assert state["yard-shed"].stack_trace[0] == state["yard"].stack_trace[0] == main(9)


def test_a_program_whose_lines_move_changes_nothing_but_the_places(written: World) -> None:
    up(written)
    (written.folder / "__main__.py").write_text("# a new first line\n" + PROGRAM.strip())
    assert not up(written).changed
    assert written.resources()["first"].source_position == main(6)
    [*_, last] = written.done()
    assert last[0] == str(Op.SAME)


def test_a_state_has_them_as_the_official_one_does(written: World) -> None:
    up(written)
    [first] = [r for r in written.checkpoint()["resources"] if r["urn"].endswith("::first")]
    assert first["sourcePosition"] == main(5)
    assert first["stackTrace"] == [{"sourcePosition": main(5)}, {}, {}]


@pytest.mark.parametrize(
    ("uri", "column", "expected"),
    [
        ("file:///work/project/a%20b%23c.py", 0, "project:///a%20b%23c.py#7"),
        ("file:///work/other/x.py", 3, "project:///../other/x.py#7,3"),
        ("file:///work/project/sub/../x.py", 0, "project:///x.py#7"),
        ("https://somewhere/x.py", 0, ""),
        ("file:relative.py", 0, ""),
        ("file:///x.py", -1, ""),
        ("file://[", 0, ""),
        ("", 0, ""),
    ],
)
def test_positions_are_relative_to_the_project(uri: str, column: int, expected: str) -> None:
    position = source_pb2.SourcePosition(uri=uri, line=7, column=column)
    trace = source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position), source_pb2.StackFrame()])
    request = resource_pb2.RegisterResourceRequest(sourcePosition=position, stackTrace=trace)
    assert Places(Path("/work/project")).of(request) == Place(expected, (expected, ""))


def test_a_handle_stands_for_its_stack_while_the_call_lasts() -> None:
    places = Places(Path("/p"))
    position = source_pb2.SourcePosition(uri="file:///p/x.py", line=1)
    caller = resource_pb2.ResourceCallRequest(
        stackTrace=source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position)])
    )
    with places.handle(caller) as handle:
        child = resource_pb2.RegisterResourceRequest(parentStackTraceHandle=handle)
        assert places.of(child) == Place("", ("project:///x.py#1",))
    assert places.of(child) == NOWHERE
