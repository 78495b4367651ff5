"""Resource options and providers."""

from __future__ import annotations

import pulumi
import pytest
from pulumi import ResourceOptions

from datahall.engine import Op, ProgramFailed, ProtectedResource, ProviderFailed, Unsupported

from .conftest import World
from .programs import House, Provider, Thing


def test_protected_resources_are_neither_deleted_nor_replaced(world: World) -> None:
    def program(kind: str = "oak") -> None:
        Thing("kept", kind=kind, opts=ResourceOptions(protect=True))
        Thing("free")

    world.up(program)
    with pytest.raises(ProtectedResource, match="kept"):
        world.up(lambda: program("pine"))
    with pytest.raises(ProtectedResource, match="kept"):
        world.up(lambda: None)
    with pytest.raises(ProtectedResource, match="kept"):
        world.destroy()
    assert world.count() == 2
    world.up(lambda: [Thing("kept", kind="oak"), Thing("free")])
    world.destroy()
    assert world.count() == 0


def test_retain_on_delete_and_deleted_with_leave_the_provider_alone(world: World) -> None:
    def program() -> None:
        house = Thing("house")
        Thing("cellar", opts=ResourceOptions(deleted_with=house))
        Thing("tree", opts=ResourceOptions(retain_on_delete=True))

    world.up(program)
    world.destroy()
    assert world.names("Delete") == ["house"]
    assert sorted(world.inventory()) == ["cellar", "tree"]


def test_ignore_changes_keeps_the_old_value(world: World) -> None:
    def program(size: int, color: str) -> None:
        Thing(
            "it",
            size=size,
            paint={"color": color},
            opts=ResourceOptions(ignore_changes=["size", "paint.color"]),
        )

    world.up(lambda: program(1, "red"))
    assert not world.up(lambda: program(2, "blue")).changed
    assert world.resources()["it"].inputs["size"] == 1


def test_replace_on_changes_replaces(world: World) -> None:
    opts = ResourceOptions(replace_on_changes=["size"])
    world.up(lambda: Thing("it", size=1, opts=opts))
    assert world.up(lambda: Thing("it", size=2, opts=opts)).summary == {Op.REPLACE: 1, Op.SAME: 1}


def test_delete_before_replace_of_the_program_wins(world: World) -> None:
    opts = ResourceOptions(delete_before_replace=True)
    world.up(lambda: Thing("it", kind="oak", opts=opts))
    world.up(lambda: Thing("it", kind="pine", opts=opts))
    assert [c["method"] for c in world.calls("Create", "Delete")] == ["Create", "Delete", "Create"]


def test_custom_timeouts_reach_the_provider(world: World) -> None:
    opts = ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1m30s"))
    world.up(lambda: Thing("it", opts=opts))
    assert world.calls("Create")[0]["timeout"] == 90


def test_the_timeout_of_reads_reaches_the_provider_in_a_refresh_and_an_import(world: World) -> None:
    timeouts = pulumi.CustomTimeouts(read="2m")
    world.up(lambda: Thing("it", size=1, label="it", opts=ResourceOptions(custom_timeouts=timeouts)))
    world.refresh()
    [id_] = world.ids(["it"])
    world.up(lambda: None)
    assert [call["timeout"] for call in world.calls("Read")] == [120]
    other = world.cloud / f"{id_}.thing"
    other.write_text('{"urn": "", "size": 1, "label": "it"}')
    adopting = ResourceOptions(import_=id_, custom_timeouts=timeouts)
    world.up(lambda: Thing("that", size=1, label="it", opts=adopting))
    assert [call["timeout"] for call in world.calls("Read")] == [120, 120]


def test_aliases_keep_a_renamed_resource_and_its_children(world: World) -> None:
    def before() -> None:
        House("home")
        Thing("old")

    def after() -> None:
        House("villa", opts=ResourceOptions(aliases=[pulumi.Alias(name="home")]))
        Thing("new", opts=ResourceOptions(aliases=[pulumi.Alias(name="old")]))

    world.up(before)
    result = world.up(after)
    assert world.count() == 3
    assert not world.calls("Delete")
    assert result.summary[Op.SAME] == 5
    assert sorted(world.resources()) == [
        "default_1_2_3",
        "new",
        "proj-dev",
        "villa",
        "villa-base",
        "villa-roof",
    ]
    assert not world.up(after).changed


def test_duplicate_names_are_refused(world: World) -> None:
    with pytest.raises(ProgramFailed, match="duplicate resource URN"):
        world.up(lambda: [Thing("it"), Thing("it")])


def test_default_provider_is_configured_from_the_stack_and_recorded(world: World) -> None:
    def program() -> None:
        pulumi.export("region", Thing("it").region)

    world.up(program, config={"cloud:region": "mars"})
    assert world.outputs() == {"region": "mars"}
    provider = world.resources()["default_1_2_3"]
    assert provider.type == "pulumi:providers:cloud"
    assert provider.inputs == {"region": "mars", "version": "1.2.3", "__internal": {}}
    assert world.resources()["it"].provider == provider.reference


def test_explicit_providers_have_processes_and_configuration_of_their_own(own_world: World) -> None:
    def program() -> None:
        east, west = Provider("east", "east"), Provider("west", "west")
        house = House("home", opts=ResourceOptions(providers=[east]))
        thing = Thing("hut", opts=ResourceOptions(provider=west))
        pulumi.export("regions", [thing.region, Thing("any").region])
        Thing("barn", opts=ResourceOptions(parent=house))

    own_world.up(program, config={"cloud:region": "south"})
    assert own_world.outputs() == {"regions": ["west", "south"]}
    assert {r.name: r.outputs.get("region") for r in own_world.resources().values()}["barn"] == "east"
    own_world.destroy()
    assert own_world.count() == 0


def test_a_provider_that_cannot_go_on_replaces_what_it_made(own_world: World) -> None:
    def program(region: str) -> None:
        Thing("it", opts=ResourceOptions(provider=Provider("mine", region)))

    own_world.up(lambda: program("east"))
    result = own_world.up(lambda: program("west"))
    assert result.summary[Op.REPLACE] == 2
    deleted = own_world.calls("Delete")[0]
    assert deleted["region"] == "east"  # by the provider that made it
    assert own_world.count() == 1


def test_bad_provider_configuration_is_told(world: World) -> None:
    with pytest.raises(ProviderFailed, match="region: atlantis has sunk"):
        world.up(lambda: Thing("it"), config={"cloud:region": "atlantis"})


def test_a_plugin_that_is_not_in_the_folders_is_named(world: World) -> None:
    with pytest.raises(ProviderFailed, match="no executable pulumi-resource-moon"):
        world.up(lambda: pulumi.CustomResource("moon:index:Rock", "r", {}))


def test_only_providers_have_environments(world: World) -> None:
    with pytest.raises(Unsupported, match="env_var_mappings of what is no provider"):
        world.up(lambda: Thing("it", opts=ResourceOptions(env_var_mappings={"A": "B"})))
    assert world.count() == 0


def test_a_provider_sees_variables_under_the_names_that_it_is_given(own_world: World) -> None:
    def program() -> None:
        opts = ResourceOptions(env_var_mappings={"OTHER_FOLDER": "CLOUD_FOLDER", "ABSENT": "CLOUD_SECRETS"})
        Thing("there", opts=ResourceOptions(provider=Provider("mine", "east", opts=opts)))
        Thing("here")

    other = own_world.folder / "other"
    environment = {**own_world.options.environment, "OTHER_FOLDER": str(other)}
    own_world.up(program, environment=environment)
    assert list(own_world.inventory()) == ["here"]
    assert [file.name.partition("-")[0] for file in other.glob("*.thing")] == ["there"]
    internal = own_world.resources()["mine"].inputs["__internal"]
    assert internal == {"envVarMappings": {"OTHER_FOLDER": "CLOUD_FOLDER", "ABSENT": "CLOUD_SECRETS"}}
    own_world.destroy(environment=environment)  # from the record alone
    assert not list(other.glob("*.thing"))


def test_a_plugin_older_than_was_asked_for_is_told_once(world: World) -> None:
    def program() -> None:
        for name in ("one", "two"):
            Thing(name, opts=ResourceOptions(version="1.3.0"))

    world.up(program)
    [warning] = world.said("warning")
    assert "cloud: version 1.3.0 or newer is asked for, but the plugin is 1.2.3" in warning
    world.up(lambda: Thing("one", opts=ResourceOptions(version="1.2.3-beta.1")))
    world.events.clear()
    world.up(lambda: Thing("one", opts=ResourceOptions(version="1.2.3-beta.1")))
    assert world.said("warning") == []


def test_a_version_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(ProgramFailed, match="package cloud: version 'newest': not a semantic version"):
        world.up(lambda: Thing("it", opts=ResourceOptions(version="newest")))
    assert world.count() == 0


def test_a_provider_that_makes_no_components_says_so(world: World) -> None:
    with pytest.raises(ProviderFailed, match=r"Far::far: provider cloud: Construct: .*not implemented"):
        world.up(lambda: pulumi.ComponentResource("cloud:index:Far", "far", {}, remote=True))


def test_a_run_that_fails_while_renaming_leaves_a_state_that_holds(world: World) -> None:
    def before() -> None:
        House("home")
        Thing("old")

    def after(refuse: str) -> None:
        villa = House("villa", opts=ResourceOptions(aliases=[pulumi.Alias(name="home")]))
        stop = Thing("stop", refuse=refuse, opts=ResourceOptions(parent=villa))
        Thing("new", note=stop.serial, opts=ResourceOptions(aliases=[pulumi.Alias(name="old")]))

    world.up(before)
    with pytest.raises(ProviderFailed):
        world.up(lambda: after("create"))
    assert {"villa", "old"} <= set(world.resources())
    world.up(lambda: after(""))
    assert world.count() == 4
    assert not world.calls("Delete")


def test_a_provider_whose_configuration_is_not_known_yet_is_planned(own_world: World) -> None:
    def program() -> None:
        origin = Thing("origin")
        far = Provider("far", origin.serial)
        thing = Thing("it", size=3, opts=ResourceOptions(provider=far))
        pulumi.export("area", thing.area)
        pulumi.export("region", thing.region)

    preview = own_world.preview(program)
    assert preview.summary == {Op.CREATE: 4}
    assert preview.outputs == {"area": "[unknown]", "region": "[unknown]"}
    own_world.up(program)
    assert own_world.outputs() == {"area": 9, "region": own_world.resources()["origin"].outputs["serial"]}
