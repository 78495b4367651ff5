"""`import_`: what is there already becomes the stack's own, as it is or not at all."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi import ResourceOptions

from datahall.engine import Op, ProtectedResource, ProviderFailed, ResourceFailed, Unsupported

from .conftest import Json, World
from .programs import House, Thing

OLD, OTHER = "old-abc123", "other-def456"


@pytest.fixture(autouse=True)
def found(world: World) -> None:
    """Two things that nobody manages."""
    for id_, size in ((OLD, 2), (OTHER, 5)):
        thing = {"urn": "by hand", "size": size, "note": "hunter2", "label": id_}
        (world.cloud / f"{id_}.thing").write_text(json.dumps(thing))


def imported(
    id_: str = OLD, size: pulumi.Input[int] = 2, note: pulumi.Input[str] = "hunter2", **opts: Json
) -> Thing:
    return Thing("it", size=size, note=note, opts=ResourceOptions(import_=id_, **opts))


def recorded(world: World) -> dict[str, Any]:
    [state] = [r for r in world.checkpoint()["resources"] if r["urn"].endswith("::it") and "delete" not in r]
    return dict(state)


def test_what_is_there_is_recorded_and_nothing_is_created(world: World) -> None:
    def program() -> None:
        pulumi.export("area", imported().area)

    planned = world.preview(program)
    assert planned.summary == {Op.CREATE: 1, Op.IMPORT: 1}
    assert not world.state_file.exists()
    result = world.up(program)
    assert result.summary == {Op.CREATE: 1, Op.IMPORT: 1}
    assert ("import", "it") in world.done()
    assert world.outputs() == {"area": 4}
    state = recorded(world)
    assert (state["id"], state["importID"]) == (OLD, OLD)
    assert state["inputs"] == {"size": 2, "note": "hunter2", "label": OLD}
    assert state["outputs"]["serial"] == f"serial-{OLD}"
    assert world.calls("Create", "Update", "Delete") == []


def test_after_it_nothing_changes_with_the_option_or_without(world: World) -> None:
    world.up(imported)
    assert not world.up(imported).changed
    assert not world.up(lambda: Thing("it", size=2, note="hunter2")).changed
    assert "importID" not in recorded(world)
    assert not world.up(imported).changed
    assert world.up(lambda: imported(size=3)).summary == {Op.UPDATE: 1, Op.SAME: 1}


def test_inputs_that_differ_are_named_and_nothing_is_recorded(world: World) -> None:
    with pytest.raises(ProviderFailed, match=f"do not match those of {OLD}: note, size;") as caught:
        world.up(lambda: imported(size=3, note=pulumi.Output.secret("swordfish")))
    assert "hunter2" not in str(caught.value)
    assert "swordfish" not in str(caught.value)
    assert [e.op for e in world.events if isinstance(e, ResourceFailed)] == [Op.IMPORT]
    assert "it" not in world.resources()
    assert world.calls("Create", "Update", "Delete") == []
    with pytest.raises(ProviderFailed, match=": size;"):
        world.preview(lambda: imported(size=3))


def test_what_is_ignored_may_differ(world: World) -> None:
    world.up(lambda: imported(size=3, ignore_changes=["size"]))
    assert recorded(world)["inputs"]["size"] == 2
    assert not world.up(lambda: imported(size=3, ignore_changes=["size"])).changed


def test_inputs_that_the_provider_refuses(world: World) -> None:
    with pytest.raises(ProviderFailed, match="size: must not be negative"):
        world.up(lambda: imported(size=-1))
    assert "it" not in world.resources()


def test_an_id_that_is_not_there(world: World) -> None:
    for run in (world.preview, world.up):
        with pytest.raises(ProviderFailed, match="import_: nobody-000000: no such resource"):
            run(lambda: imported("nobody-000000"))
    assert "it" not in world.resources()
    assert world.count() == 2


def test_what_is_imported_is_destroyed_with_the_rest(world: World) -> None:
    world.up(imported)
    world.destroy()
    assert [call["id"] for call in world.calls("Delete")] == [OLD]
    assert not (world.cloud / f"{OLD}.thing").exists()


def test_another_id_replaces_what_was_imported(world: World) -> None:
    world.up(imported)
    result = world.up(lambda: imported(OTHER, size=5))
    assert result.summary == {Op.REPLACE: 1, Op.SAME: 1}
    assert world.done()[-2:] == [("import-replacement", "it"), ("delete-replaced", "it")]
    assert recorded(world)["id"] == OTHER
    assert [call["id"] for call in world.calls("Delete")] == [OLD]
    assert world.calls("Create") == []


def test_another_id_replaces_what_was_created_unless_it_is_protected(world: World) -> None:
    world.up(lambda: Thing("it", size=1, opts=ResourceOptions(protect=True)))
    [made] = world.ids(["it"])
    with pytest.raises(ProtectedResource):
        world.up(lambda: imported(protect=True))
    assert world.up(imported).summary == {Op.REPLACE: 1, Op.SAME: 1}
    assert [call["id"] for call in world.calls("Delete")] == [made]


def test_what_is_still_imported_is_not_replaced(world: World) -> None:
    def other(**opts: Json) -> None:
        Thing("it", size=2, note="hunter2", kind="pine", opts=ResourceOptions(**opts))

    world.up(imported)
    for run in (world.preview, world.up):
        with pytest.raises(ProviderFailed, match="take `import_` from it first"):
            run(lambda: other(import_=OLD))
    assert world.calls("Create", "Delete") == []
    assert world.up(other).summary == {Op.REPLACE: 1, Op.SAME: 1}


def test_secrets_of_the_program_stay_secret(world: World) -> None:
    def program() -> None:
        imported(note=pulumi.Output.secret("hunter2"))

    world.up(program)
    assert "hunter2" not in world.state_file.read_text()
    assert not world.up(program).changed


def test_what_is_not_known_yet_is_compared_in_the_update(world: World) -> None:
    def program() -> None:
        base = Thing("base")
        imported(size=base.serial.apply(len))

    assert world.preview(program).summary[Op.IMPORT] == 1
    with pytest.raises(ProviderFailed, match=": size;"):
        world.up(program)
    assert "it" not in world.resources()


def test_what_was_only_read_is_imported(world: World) -> None:
    world.up(lambda: Thing("it", opts=ResourceOptions(id=OLD)))
    assert world.resources()["it"].external
    assert world.up(imported).summary == {Op.IMPORT: 1, Op.SAME: 1}
    assert not world.resources()["it"].external
    assert world.calls("Create", "Delete") == []


def test_one_at_a_time(world: World) -> None:
    assert world.up(imported, parallel=1).summary == {Op.CREATE: 1, Op.IMPORT: 1}


def test_a_component_cannot_be_imported(world: World) -> None:
    with pytest.raises(Unsupported, match="import_ of a component"):
        world.up(lambda: House("home", opts=ResourceOptions(import_="x")))


def test_what_moves_and_is_imported_again_is_not_deleted_with_its_earlier_record(world: World) -> None:
    world.up(imported)

    def program() -> None:
        imported(parent=House("home"))  # another URN, and no alias tells of the earlier one

    world.up(program)
    assert (world.cloud / f"{OLD}.thing").exists()
    assert any("imported it too" in text for text in world.said("warning"))
    assert recorded(world)["id"] == OLD
    assert not world.preview(program).changed
    world.destroy()
    assert not (world.cloud / f"{OLD}.thing").exists()
