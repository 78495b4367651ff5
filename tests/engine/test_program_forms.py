"""The forms that a program may have: a function, a coroutine, `pulumi.run`; and what it says and exports."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import Output, ResourceOptions
from pulumi.runtime import settings
from pulumi.runtime.proto import resource_pb2

from datahall.engine import Diagnostic, Op, ProgramFailed

from .conftest import World
from .programs import House, Thing

HEAD = f"""
import asyncio, pathlib, sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
import pulumi
from engine.programs import Thing
"""


def own(world: World, text: str, **files: str) -> World:
    """The world with a program of its own."""
    (world.project.main / "__main__.py").write_text(HEAD + text)
    for name, content in files.items():
        (world.project.main / name.replace("__", ".")).write_text(content)
    return world


def up(world: World) -> dict[str, Any]:
    world.up(None)  # type: ignore[arg-type]  # the project's own program
    return world.outputs()


def test_a_coroutine_is_a_program(world: World) -> None:
    async def program() -> None:
        await asyncio.sleep(0)
        first = Thing("first", size=2)
        area = await first.area.future()  # the program waits for what it made
        Thing("second", size=area)
        pulumi.export("area", area)

    world.up(program)
    assert world.inventory()["second"]["size"] == 4
    assert world.outputs() == {"area": 4}
    preview = world.preview(program)
    assert preview.summary == {Op.SAME: 3}


def test_what_a_function_returns_is_awaited(world: World) -> None:
    async def later() -> None:
        Thing("it")

    world.up(later)
    assert world.count() == 1


def test_a_coroutine_that_fails_ends_the_run(world: World) -> None:
    async def program() -> None:
        Thing("it")
        await asyncio.sleep(0)
        raise ValueError("no more")

    with pytest.raises(ProgramFailed, match="ValueError: no more"):
        world.up(program)
    assert list(world.resources()) == ["proj-dev"] or "it" in world.resources()
    world.up(lambda: Thing("it"))
    assert world.count() == 1


def test_an_async_entry_point_exports_what_it_returns(world: World) -> None:
    own(
        world,
        """
async def main():
    a, b = Thing("a", size=2), Thing("b", size=3)
    areas = await asyncio.gather(a.area.future(), b.area.future())
    from helper import total
    return {"total": total(areas), "words": pathlib.Path("words.txt").read_text(), "a": a.serial}

pulumi.run(main)
""",
        helper__py="def total(numbers):\n    return sum(numbers)\n",
        words__txt="in the program's folder",
    )
    outputs = up(world)
    assert outputs["total"] == 13
    assert outputs["words"] == "in the program's folder"
    assert outputs["a"].startswith("serial-a-")


def test_what_a_program_began_goes_on_in_its_folder(world: World) -> None:
    """Callbacks run when the program's own text is over; the official engine's process stays where it is."""
    own(
        world,
        """
def read(_):
    import helper
    return helper.word + pathlib.Path("words.txt").read_text()

pulumi.export("read", Thing("it").serial.apply(read))
""",
        helper__py="word = 'the '",
        words__txt="words",
    )
    before = Path.cwd()
    assert up(world) == {"read": "the words"}
    assert Path.cwd() == before


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("async def main():\n    raise ValueError('no more')\npulumi.run(main)\n", "ValueError: no more"),
        ("pulumi.run(lambda: None)\n", "must return an awaitable"),
        ("async def main(): pass\npulumi.run(main)\npulumi.run(main)\n", "may only be called once"),
        ("raise SystemExit(3)\n", "exit code 3"),
        ("raise pulumi.RunError('just this')\n", "^just this$"),
    ],
)
def test_an_entry_point_that_fails_is_told(world: World, text: str, word: str) -> None:
    with pytest.raises(ProgramFailed, match=word):
        up(own(world, text))


def diagnostics(world: World) -> list[Diagnostic]:
    return [event for event in world.events if isinstance(event, Diagnostic)]


def test_logs_have_severity_resource_stream_and_are_ephemeral(world: World) -> None:
    def program() -> None:
        it = Thing("it")
        pulumi.log.debug("details")
        pulumi.log.info("news", it)
        pulumi.log.warn("take care", it, stream_id=7)
        pulumi.log.warn(" of it", it, stream_id=7)
        pulumi.log.info("half way", ephemeral=True)

    world.up(program)
    urn = world.resources()["it"].urn
    said = [
        d for d in diagnostics(world) if d.message in ("details", "news", "take care", " of it", "half way")
    ]
    assert sorted(said, key=lambda d: d.message) == [
        Diagnostic("warning", " of it", urn, stream=7),
        Diagnostic("debug", "details", None),
        Diagnostic("info", "half way", None, ephemeral=True),
        Diagnostic("info", "news", urn),
        Diagnostic("warning", "take care", urn, stream=7),
    ]


def test_a_logged_error_fails_the_run_at_its_end(world: World) -> None:
    def program() -> None:
        it = Thing("it")
        pulumi.log.error("not good", it)

    with pytest.raises(ProgramFailed, match=r"logged 1 error"):
        world.up(program)
    assert world.said("error") == ["not good"]
    assert world.count() == 1  # what was done stays


class Box(pulumi.ComponentResource):
    """A component whose outputs are registered as the test says."""

    def __init__(self, name: str, *outputs: dict[str, Any]) -> None:
        super().__init__("test:index:Box", name)
        for each in outputs:
            self.register_outputs(each)


def recorded(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in world.checkpoint()["resources"] if r["urn"].endswith(f"::{name}"))
    return found


def test_outputs_of_a_component_keep_what_is_secret(world: World) -> None:
    def program(word: str) -> None:
        thing = Thing("it")
        hidden = Output.secret(word)
        Box("box", {"plain": thing.serial, "hidden": hidden, "deep": {"list": [hidden, 1]}})

    world.up(lambda: program("hunter2"))
    assert "hunter2" not in world.state_file.read_text()
    outputs = recorded(world, "box")["outputs"]
    assert outputs["plain"].startswith("serial-it-")
    assert "ciphertext" in outputs["hidden"]
    assert not world.up(lambda: program("hunter2")).changed
    world.up(lambda: program("other"))
    assert recorded(world, "box")["outputs"]["hidden"] != outputs["hidden"]


def test_outputs_not_known_in_a_preview_are_those_of_the_update(world: World) -> None:
    def program(size: int) -> None:
        thing = Thing("it", size=size)
        Box("box", {"serial": thing.serial, "area": thing.area})

    assert world.preview(lambda: program(2)).summary[Op.CREATE] == 3
    world.up(lambda: program(2))
    assert recorded(world, "box")["outputs"]["area"] == 4
    world.preview(lambda: program(3))
    assert recorded(world, "box")["outputs"]["area"] == 4  # a preview records nothing
    world.up(lambda: program(3))
    assert recorded(world, "box")["outputs"]["area"] == 9


def test_outputs_that_are_gone_leave_the_record(world: World) -> None:
    world.up(lambda: Box("box", {"a": 1, "b": None}))
    assert recorded(world, "box")["outputs"] == {"a": 1}  # the SDK leaves None out
    world.up(lambda: Box("box", {}))
    assert "outputs" not in recorded(world, "box")


def test_outputs_are_registered_once(world: World) -> None:
    with pytest.raises(ProgramFailed, match="Box::box: outputs are registered already"):
        world.up(lambda: Box("box", {"a": 1}, {"a": 2}))


def test_outputs_of_what_was_not_registered_are_refused(world: World) -> None:
    def program() -> None:
        monitor: Any = settings.get_monitor()
        urn = "urn:pulumi:dev::proj::test:index:Box::absent"
        monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=urn))

    with pytest.raises(ProgramFailed, match="absent: outputs of a resource that was not registered"):
        world.up(program)


def test_secrets_and_unknowns_go_through_output_functions(world: World) -> None:
    def program() -> None:
        a, b = Thing("a", size=2), Thing("b", size=3, label=Output.secret("hunter2"))
        both = Output.all(a.area, b.area).apply(sum)
        named = Output.all(area=a.area, word=b.label).apply(lambda got: f"{got['word']}-{int(got['area'])}")
        nested = Output.secret({"in": [Output.all(a.serial, "x"), b.serial]})
        Thing("c", size=both, note=named, deep=nested, text=Output.concat("<", a.serial, ">"))
        pulumi.export("both", both)
        pulumi.export("json", Output.json_dumps({"area": a.area, "word": named}))
        pulumi.export("format", Output.format("{0}/{1}", a.area, "z"))

    preview = world.preview(program)
    assert preview.outputs["both"] == 13
    assert preview.outputs["json"] == "[secret]"
    world.up(program)
    assert "hunter2" not in world.state_file.read_text()
    made = world.inventory()["c"]
    assert (made["size"], made["note"]) == (13, "hunter2-4")
    assert re.fullmatch(r"<serial-a-[0-9a-f]{6}>", made["text"])
    assert made["deep"]["in"][0] == [made["text"][1:-1], "x"]
    outputs = world.outputs()
    assert outputs["format"] == "4.0/z"  # a thing declares its area a float
    assert not world.up(program).changed
    needs = world.resources()["c"].needs()
    assert {world.resources()["a"].urn, world.resources()["b"].urn} <= needs


def test_a_components_child_may_fail_before_its_outputs(world: World) -> None:
    class Half(House):
        def __init__(self, name: str) -> None:
            super().__init__(name)
            Thing(f"{name}-bad", refuse="create", opts=ResourceOptions(parent=self))

    with pytest.raises(Exception, match="refuses to create"):
        world.up(lambda: Half("home"))
    assert "home" in world.resources()
    world.destroy()
    assert world.count() == 0
