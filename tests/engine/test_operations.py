"""preview, up and destroy, seen from the cloud and from the state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from datahall.engine import InvalidProject, Op, PluginPool, UnexpectedChanges, load_project, up

from .conftest import World
from .programs import House, Thing


def two(size: int = 2) -> None:
    first = Thing("first", size=size)
    Thing("second", size=first.area, note=first.serial)
    pulumi.export("area", first.area)


def test_up_creates_in_dependency_order_and_records_it(world: World) -> None:
    result = world.up(two)
    assert result.summary == {Op.CREATE: 3}
    assert result.changed
    assert world.names("Create") == ["first", "second"]
    assert world.inventory()["second"]["size"] == 4
    assert world.outputs() == {"area": 4}
    second = world.resources()["second"]
    assert second.dependencies == (world.resources()["first"].urn,)
    assert set(second.property_dependencies) == {"note", "size"}
    assert second.parent.endswith("pulumi:pulumi:Stack::proj-dev")


def test_preview_changes_nothing_and_leaves_no_file(world: World) -> None:
    result = world.preview(two)
    assert result.summary == {Op.CREATE: 3}
    assert world.count() == 0
    assert not world.state_file.exists()


def test_unknowns_of_a_preview_reach_the_next_resource(world: World) -> None:
    seen: list[object] = []

    def program() -> None:
        first = Thing("first", size=3)
        first.area.apply(seen.append)
        first.serial.apply(seen.append)
        Thing("second", note=first.serial)
        pulumi.export("serial", first.serial)

    result = world.preview(program)
    assert seen == [9]  # the provider knows the area beforehand, the serial only afterwards
    assert result.outputs == {"serial": "[unknown]"}


def test_second_up_changes_and_writes_nothing(world: World) -> None:
    world.up(two)
    before, calls = world.state_file.read_bytes(), len(world.calls("Create", "Update", "Delete"))
    result = world.up(two)
    assert result.summary == {Op.SAME: 3}
    assert not result.changed
    assert world.state_file.read_bytes() == before
    assert len(world.calls("Create", "Update", "Delete")) == calls


def test_update_in_place_keeps_the_id(world: World) -> None:
    world.up(two)
    ids = world.ids(["first", "second"])
    result = world.up(lambda: two(5))
    assert result.summary == {Op.UPDATE: 2, Op.SAME: 1}
    assert world.ids(["first", "second"]) == ids
    assert world.inventory()["second"]["size"] == 25


def test_replacement_is_created_before_the_old_one_is_deleted(world: World) -> None:
    world.up(lambda: Thing("it", kind="oak"))
    (old,) = world.ids(["it"])
    result = world.up(lambda: Thing("it", kind="pine"))
    assert result.summary == {Op.REPLACE: 1, Op.SAME: 1}
    assert [call["method"] for call in world.calls("Create", "Delete")] == ["Create", "Create", "Delete"]
    assert world.calls("Delete")[0]["id"] == old
    assert world.count() == 1
    assert world.done()[-2:] == [("create-replacement", "it"), ("delete-replaced", "it")]


def test_delete_before_replace_takes_dependents_along_in_order(world: World) -> None:
    def program(plot: str) -> None:
        root = Thing("root", plot=plot)
        Thing("leaf", kind=root.serial)
        Thing("bystander", note=root.serial)

    world.up(lambda: program("a"))
    world.up(lambda: program("b"))
    changes = [(c["method"], c["urn"].rpartition("::")[2]) for c in world.calls("Create", "Delete", "Update")]
    again = changes[3:]
    assert again[:3] == [("Delete", "leaf"), ("Delete", "root"), ("Create", "root")]
    assert sorted(again[3:]) == [("Create", "leaf"), ("Update", "bystander")]
    assert world.count() == 3


def test_what_left_the_program_is_deleted_after_what_needs_it(world: World) -> None:
    world.up(two)
    result = world.up(lambda: None)
    assert result.summary == {Op.DELETE: 2, Op.SAME: 1}
    assert world.names("Delete") == ["second", "first"]
    assert world.count() == 0


def test_destroy_deletes_in_order_and_keeps_the_empty_stack(world: World) -> None:
    world.up(lambda: [House("home"), Thing("shed")])
    result = world.destroy()
    assert result.summary == {Op.DELETE: 5}
    order = world.names("Delete")
    assert order.index("home-roof") < order.index("home-base")
    assert world.count() == 0
    assert world.checkpoint().get("resources", []) == []


def test_destroy_of_no_stack_is_refused(world: World) -> None:
    with pytest.raises(InvalidProject, match="no such stack"):
        world.destroy()


def test_component_outputs_are_recorded(world: World) -> None:
    def program() -> None:
        pulumi.export("area", House("home", 3).area)

    world.up(program)
    assert world.resources()["home"].outputs == {"area": 9}
    assert world.resources()["home-base"].parent == world.resources()["home"].urn
    assert world.outputs() == {"area": 9}


def test_operations_run_in_parallel_but_not_beyond_the_bound(world: World) -> None:
    def program() -> None:
        for number in range(8):
            Thing(f"t{number}", slow=0.15)

    world.up(program, parallel=4)
    spans = [(call["began"], call["at"]) for call in world.calls("Create")]
    most = max(sum(b <= at < e for b, e in spans) for at, _ in spans)
    assert 2 <= most <= 4
    world.destroy(parallel=8)
    spans = [(call["began"], call["at"]) for call in world.calls("Delete")]
    assert max(sum(b <= at < e for b, e in spans) for at, _ in spans) > 2


def test_expect_no_changes_touches_nothing(world: World) -> None:
    with pytest.raises(UnexpectedChanges, match="3 to create"):
        world.up(two, expect_no_changes=True)
    assert world.count() == 0
    world.up(two)
    assert not world.up(two, expect_no_changes=True).changed


def test_log_and_config_reach_both_sides(world: World) -> None:
    def program() -> None:
        config = pulumi.Config()
        pulumi.log.info(f"planting {config.require('tree')}")
        pulumi.export("height", config.require_object("sizes")["height"])

    config = {"proj:tree": "elm", "proj:sizes": '{"height": 7}'}
    result = world.up(program, config=config)
    assert "planting elm" in world.said("info")
    assert result.outputs == {"height": 7}


def test_functions_are_called_and_what_they_refuse_is_the_programs_to_handle(world: World) -> None:
    def program() -> None:
        answer = pulumi.runtime.invoke("cloud:index:say", {"word": "hello"})
        pulumi.export("said", answer.value["said"])
        with pytest.raises(Exception, match="must not be said"):
            pulumi.runtime.invoke("cloud:index:say", {"word": "forbidden"})

    assert world.up(program).outputs == {"said": "HELLO"}


def test_get_reads_what_is_not_ours_and_never_deletes_it(world: World) -> None:
    (world.cloud / "wild-1.thing").write_text('{"urn": "", "size": 6}')

    def program() -> None:
        wild = Thing("wild", opts=pulumi.ResourceOptions(id="wild-1"))
        pulumi.export("area", wild.area)

    assert world.up(program).outputs == {"area": 36}
    assert world.resources()["wild"].external
    assert world.up(program).summary == {Op.READ: 1, Op.SAME: 1}
    world.destroy()
    assert (world.cloud / "wild-1.thing").exists()


def test_the_projects_own_program_runs_in_its_folder_and_anew_each_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.folder / "app").mkdir()
    (world.folder / "Pulumi.yaml").write_text("name: proj\nruntime:\n  name: python\nmain: app\n")
    (world.folder / "app" / "sizes.py").write_text("SIZE = 2\n")
    (world.folder / "app" / "__main__.py").write_text(
        "import pathlib, pulumi, sizes\npulumi.export('size', sizes.SIZE)\n"
        "pulumi.export('folder', pathlib.Path.cwd().name)\n"
    )
    monkeypatch.chdir(world.folder)
    project = load_project(Path())
    options = replace(world.options, backend=Path("state"), plugin_path=[Path("nowhere")])
    assert up(project, "dev", options).outputs == {"size": 2, "folder": "app"}
    (world.folder / "app" / "sizes.py").write_text("SIZE = 30\n")
    assert up(project, "dev", options).outputs == {"size": 30, "folder": "app"}
    assert Path.cwd() == world.folder
    assert world.state_file.exists()


def test_a_pool_keeps_plugins_from_one_operation_to_the_next(own_world: World) -> None:
    with PluginPool() as pool:
        own_world.up(two, pool=pool)
        (process,) = [p for idle in pool._idle.values() for p in idle]
        own_world.up(lambda: two(3), pool=pool)
        own_world.destroy(pool=pool)
        assert process.process.poll() is None
        assert [p for idle in pool._idle.values() for p in idle] == [process]
    assert process.process.poll() is not None
    assert own_world.count() == 0
