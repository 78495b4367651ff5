"""Remote components: made by their provider in another process, with children and methods there."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import call

from datahall.engine import Op, PluginPool, ProviderFailed

from .conftest import World
from .programs import Provider, Row, Thing

V2 = pulumi.ResourceOptions(version="2.0.0")


class Parts(pulumi.ProviderResource):
    """An explicit provider of rows."""

    def __init__(self, zone: pulumi.Input[str]) -> None:
        super().__init__("parts", "parts", {"zone": zone}, V2)


def one_row(size: int = 2) -> None:
    row = Row("row", size=size)
    pulumi.export("area", row.area)
    pulumi.export("place", row.place)


def test_a_row_is_made_kept_changed_and_destroyed(rows: World) -> None:
    made = rows.up(one_row)
    assert rows.outputs()["area"] == 16
    state = rows.resources()
    row = state["row"]
    assert (row.type, row.custom, row.outputs) == ("parts:index:Row", False, {"area": 16})
    assert {state[name].parent for name in ("row-first", "row-last")} == {row.urn}
    assert set(rows.inventory()) == {"row-first", "row-last"}
    assert made.summary[Op.CREATE] >= 4

    assert not rows.up(one_row).changed
    assert not rows.preview(one_row).changed

    planned = rows.preview(lambda: one_row(3))
    assert planned.summary[Op.UPDATE] == 2
    assert rows.inventory()["row-first"]["size"] == 2

    rows.up(lambda: one_row(3))
    assert rows.outputs()["area"] == 81
    assert rows.inventory()["row-first"]["size"] == 3

    rows.up(lambda: None)
    assert rows.count() == 0
    rows.up(one_row)
    rows.destroy()
    assert rows.count() == 0
    assert rows.resources() == {}


def test_a_preview_of_a_new_row_makes_nothing(rows: World) -> None:
    planned = rows.preview(one_row)
    assert planned.summary[Op.CREATE] >= 4
    assert rows.count() == 0
    assert not rows.state_file.exists()


def test_the_provider_is_told_of_the_run(rows: World) -> None:
    rows.up(one_row, config={"cloud:region": "here", "proj:town": "Ghent"})
    assert rows.outputs()["place"] == "proj dev organization Ghent"


def test_the_engine_starts_the_provider_by_itself(own_world: World) -> None:
    own_world.up(one_row)
    assert own_world.outputs()["area"] == 16
    own_world.destroy()
    assert own_world.count() == 0


def test_a_pool_keeps_no_provider_that_talks_to_its_engine(own_world: World) -> None:
    with PluginPool() as pool:
        own_world.up(one_row, pool=pool)
        assert not own_world.up(one_row, pool=pool).changed


def test_secrets_stay_secret(rows: World) -> None:
    def program() -> None:
        row = Row("row", size=2, note=pulumi.Output.secret("pass on"))
        pulumi.export("note", row.note)

    result = rows.up(program)
    assert result.outputs["note"] == "[secret]"
    assert "pass on" not in rows.state_file.read_text()
    assert rows.inventory()["row-first"]["note"] == "pass on"


def test_what_depends_on_a_row_depends_on_its_things(rows: World) -> None:
    def program() -> None:
        before = Thing("before", size=2)
        row = Row("row", size=before.area)
        Thing("after", size=row.area)

    rows.up(program)
    state = rows.resources()
    assert state["row-first"].property_dependencies["size"] == (state["before"].urn,)
    assert state["row-last"].urn in state["after"].property_dependencies["size"]
    assert rows.names("Create") == ["before", "row-first", "row-last", "after"]


def test_options_reach_the_things(rows: World) -> None:
    def program() -> None:
        there = Provider("there", region="there")
        parent = pulumi.ComponentResource("test:index:Hall", "hall")
        opts = pulumi.ResourceOptions(parent=parent, providers={"cloud": there}, protect=True)
        Row("row", size=2, opts=opts)

    rows.up(program)
    state = rows.resources()
    assert state["row"].parent == state["hall"].urn
    assert state["row-first"].provider.startswith(state["there"].urn)
    assert state["row-first"].outputs["region"] == "there"
    assert state["row-first"].protect
    with pytest.raises(Exception, match="protect"):
        rows.destroy()
    assert rows.count() == 2


def test_an_alias_keeps_a_row(rows: World) -> None:
    rows.up(one_row)
    ids = {name.removeprefix("row"): thing for name, thing in zip(*_ids(rows, "row"), strict=True)}
    rows.up(lambda: Row("line", size=2, opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="row")])))
    assert dict(zip(("-first", "-last"), _ids(rows, "line")[1], strict=True)) == ids
    assert rows.count() == 2


def _ids(world: World, name: str) -> tuple[list[str], list[str]]:
    names = [f"{name}-first", f"{name}-last"]
    return names, world.ids(names)


def test_transforms_of_a_row_reach_its_things(rows: World) -> None:
    def larger(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.name != "row-first":
            return None
        return pulumi.ResourceTransformResult({**args.props, "size": 5}, args.opts)

    rows.up(lambda: one_row_with(pulumi.ResourceOptions(transforms=[larger])))
    assert rows.inventory()["row-first"]["size"] == 5


def one_row_with(opts: pulumi.ResourceOptions) -> None:
    Row("row", size=2, opts=opts)


def test_more_rows_at_once_than_the_program_has_workers(rows: World) -> None:
    rows.up(lambda: [Row(f"row{i}", size=1) for i in range(20)], parallel=1)
    assert rows.count() == 40


def test_methods(rows: World) -> None:
    def program() -> None:
        row = Row("row", size=2)
        said = row.describe("ha", 3)
        pulumi.export("text", said.apply(lambda result: result["text"]))
        hidden = row.hide("hush")
        pulumi.export("hidden", hidden.apply(lambda result: result["text"]))

    result = rows.up(program)
    assert result.outputs == {"text": "hahaha", "hidden": "[secret]"}
    assert "hush" not in rows.state_file.read_text()


def test_a_method_of_a_provider_is_called_on_that_provider(rows: World) -> None:
    def program() -> None:
        parts = Parts("north")
        said = call("pulumi:providers:parts/greet", {"__self__": parts, "word": "there"}, res=parts)
        pulumi.export("text", said.apply(lambda result: result["text"]))

    assert rows.up(program).outputs == {"text": "hello there"}
    assert [name for name, state in rows.resources().items() if state.type == "pulumi:providers:parts"] == [
        "parts"
    ]


def test_a_method_of_a_resource_is_its_providers(rows: World) -> None:
    def program() -> None:
        thing = Thing("thing", size=1)
        call("cloud:index:Thing/paint", {"__self__": thing}, res=thing)

    with pytest.raises(ProviderFailed, match="Thing/paint: provider cloud: Call: Method not implemented"):
        rows.up(program)


def test_a_method_refuses_its_arguments(rows: World) -> None:
    with pytest.raises(Exception, match="must not be negative"):
        rows.up(lambda: Row("row", size=2).describe("ha", -1))


def test_an_unknown_method_is_told(rows: World) -> None:
    with pytest.raises(ProviderFailed, match="no method parts:index:Row/sing"):
        rows.up(lambda: call("parts:index:Row/sing", {}))


@pytest.mark.parametrize(
    ("props", "said"),
    [({}, "parts:index:Row::row: size: Missing required input 'size'"), ({"size": 13}, "unlucky")],
)
def test_bad_arguments_create_nothing(rows: World, props: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderFailed, match=said):
        rows.up(lambda: Row("row", **props))
    assert rows.count() == 0


def test_a_failure_inside_is_told_as_such(rows: World) -> None:
    with pytest.raises(ProviderFailed, match="row-first"):
        rows.up(lambda: Row("row", size=2, refuse="create"))
    assert rows.count() == 0
    rows.up(one_row)
    assert rows.count() == 2


def test_error_hooks_reach_the_provider(rows: World) -> None:
    asked: list[tuple[str, str]] = []

    def again(args: pulumi.ErrorHookArgs) -> bool:
        asked.append((args.name, args.failed_operation))
        return len(asked) < 2

    def program() -> None:
        hooks = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("again", again)])
        Row("row", size=2, refuse="create", opts=pulumi.ResourceOptions(hooks=hooks))

    with pytest.raises(ProviderFailed, match="refuses to create"):
        rows.up(program)
    assert asked == [("row-first", "create")] * 2
    assert rows.resources()["row"].hooks == {"OnError": ("again",)}


def test_a_type_the_provider_does_not_have(rows: World) -> None:
    def program() -> None:
        pulumi.ComponentResource("parts:index:Column", "column", {}, V2, remote=True)

    with pytest.raises(ProviderFailed, match="Column"):
        rows.up(program)


def test_a_preview_with_a_provider_that_is_not_known_yet(rows: World) -> None:
    def program() -> None:
        parts = Parts(Thing("thing", size=1).serial)
        Row("row", size=2, opts=pulumi.ResourceOptions(provider=parts))

    assert rows.preview(program).summary[Op.CREATE] >= 3
    rows.up(program)
    assert rows.count() == 3


@pytest.mark.parametrize("inside", [False, True])
def test_continue_on_error_goes_on_with_other_rows(rows: World, *, inside: bool) -> None:
    def program() -> None:
        if inside:
            Row("row", size=2, refuse="create")
        else:
            Row("row", size=Thing("bad", size=1, refuse="create").area)
        Row("other", size=2)

    with pytest.raises(ProviderFailed, match="refuses to create"):
        rows.up(program, continue_on_error=True)
    assert set(rows.inventory()) == {"other-first", "other-last"}


def test_a_component_has_the_time_of_its_parts(rows: World) -> None:
    rows.up(lambda: Row("r", size=2, slow=0.8), provider_timeout=1.4)
    assert len(rows.inventory()) == 2
