"""`pulumi:autonaming`, from the configuration to the names that the provider gives."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahall.engine import InvalidProject, Op
from datahall.engine.autonaming import read_autonaming
from datahall.engine.chacha8 import ChaCha8

from .conftest import World
from .programs import Provider, Thing

THING = {"cloud:index:Thing": {"pattern": "x"}}
GO_LENGTH = 372
GO_FIRST = (0xB773B6063D4616A5, 0x1160AF22A66ABC3C, 0x8C2599D9418D287C)
GO_LAST = (0x02D97FD53ECC23C0, 0xACAF05A34462374C, 0xDDD9C6D34BFFA11F)
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def config(setting: object, **more: str) -> dict[str, Any]:
    """An operation's options with the setting in the stack's configuration."""
    values = {"cloud:region": "here", "pulumi:autonaming": json.dumps(setting)}
    return {"config": {**values, **{f"proj:{key}": value for key, value in more.items()}}}


def label(world: World, setting: object, name: str = "it", **more: str) -> str:
    """The name that a new thing gets."""
    world.up(lambda: Thing(name), **config(setting, **more))
    found: str = world.resources()[name].outputs["label"]
    return found


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"mode": "default"}, r"it-[0-9a-f]{7}"),
        ({"mode": "verbatim"}, r"it"),
        ({"pattern": "${organization}-${project}-${stack}-${name}"}, r"organization-proj-dev-it"),
        ({"pattern": "${name}.${hex(5)}"}, r"it\.[0-9a-f]{5}"),
        ({"pattern": "${string(3)}${num(2)}${alphanum(9)}"}, r"[a-z]{3}\d\d[a-z0-9]{9}"),
        ({"pattern": "${name}-${uuid}", "enforce": True}, rf"it-{UUID}"),
        ({"pattern": "${config.owner}-${config.deep.list[1]}"}, r"me-2"),
        ({"mode": "disabled", "providers": {"cloud": {"mode": "verbatim"}}}, r"it"),
        ({"mode": "verbatim", "providers": {"other": {"mode": "disabled"}}}, r"it"),
        ({"pattern": "all-${name}", "providers": {"cloud": {}}}, r"all-it"),
        (
            {
                "providers": {
                    "cloud": {"mode": "disabled", "resources": {"cloud:index:Thing": {"pattern": "x"}}}
                }
            },
            r"x",
        ),
    ],
)
def test_names_are_what_the_setting_says(world: World, setting: object, expected: str) -> None:
    found = label(world, setting, owner="me", deep='{"list": [1, 2]}')
    assert re.fullmatch(expected, found), found


def test_a_provider_that_must_not_name_says_so(world: World) -> None:
    with pytest.raises(Exception, match="label: must be given"):
        label(world, {"mode": "disabled"})
    assert world.count() == 0
    world.up(lambda: Thing("it", label="mine"), **config({"mode": "disabled"}))
    assert world.count() == 1


def test_names_that_are_there_stay(world: World) -> None:
    before = label(world, {"mode": "default"})
    assert label(world, {"mode": "verbatim"}) == before
    assert world.names("Create") == ["it"]


def test_what_would_get_its_own_name_again_is_deleted_first(world: World) -> None:
    def methods(setting: object, kind: str) -> list[str]:
        before = len(world.calls("Create", "Delete"))
        world.up(lambda: Thing("it", kind=kind), **config(setting))
        return [call["method"] for call in world.calls("Create", "Delete")[before:]]

    methods({"mode": "verbatim"}, "oak")
    assert methods({"mode": "verbatim"}, "pine") == ["Delete", "Create"]
    assert methods({"pattern": "${name}-fixed"}, "elm") == ["Delete", "Create"]
    assert methods({"pattern": "${name}-${hex(4)}"}, "oak") == ["Create", "Delete"]
    assert methods({"mode": "default"}, "pine") == ["Create", "Delete"]


def test_a_preview_says_what_the_update_does(world: World) -> None:
    assert label(world, {"mode": "verbatim"}) == "it"
    preview = world.preview(lambda: Thing("it", kind="pine"), **config({"mode": "verbatim"}))
    assert preview.summary[Op.REPLACE] == 1


def test_a_plugin_that_takes_no_names_is_told(own_world: World) -> None:
    plain = {**own_world.options.environment, "CLOUD_NAMES": "no"}
    near, far = {"providers": {"cloud": {"mode": "verbatim"}}}, {"mode": "verbatim"}
    own_world.up(lambda: Thing("far"), **config(far), environment=plain)
    assert own_world.said("warning") == []
    own_world.up(lambda: Thing("near"), **config(near), environment=plain)
    assert own_world.said("warning") == ["provider cloud does not know of pulumi:autonaming"]
    assert re.fullmatch(r"near-[0-9a-f]{7}", own_world.resources()["near"].outputs["label"])


def test_providers_are_not_named(own_world: World) -> None:
    own_world.up(lambda: Provider("mine", "east"), **config({"mode": "disabled"}))
    assert "mine" in own_world.resources()


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("verbatim", "'verbatim': not a mapping"),
        ({"mode": "loud"}, "mode: 'loud': not one of default, verbatim, disabled"),
        ({"mode": "verbatim", "pattern": "x"}, "mode together with pattern"),
        ({"enforce": True}, "enforce without pattern"),
        ({"pattern": 3}, "pattern is a text"),
        ({"pattern": "x", "enforce": "yes"}, "enforce true or false"),
        ({"patern": "x"}, "'patern': not one of mode, pattern, enforce, providers"),
        ({"providers": ["cloud"]}, r"providers: \['cloud'\]: not a mapping"),
        ({"providers": {"cloud": {"types": {}}}}, "providers.cloud: 'types': not one of"),
        ({"providers": {"cloud": {"resources": {"a:b:C": {}}}}}, "a:b:C: neither mode nor pattern"),
        ({"pattern": "${config.absent}"}, r"config.absent}: no such value; set proj:absent"),
        ({"pattern": "${config.owner.x}"}, r"config.owner.x}: no such value"),
    ],
)
def test_a_bad_setting_is_told_before_anything_is_done(world: World, setting: object, word: str) -> None:
    with pytest.raises(InvalidProject, match=word):
        world.up(lambda: Thing("it"), **config(setting, owner="me"))
    assert not world.state_file.exists()
    assert world.calls() == []


@given(st.binary(min_size=32, max_size=32), st.integers(0, 40))
def test_the_same_seed_gives_the_same_name(seed: bytes, size: int) -> None:
    text = json.dumps({"pattern": f"${{name}}-${{alphanum({size})}}-${{hex({size})}}"})
    setting = read_autonaming({"pulumi:autonaming": text}, "proj", "dev")
    first, again = (setting.naming("cloud:index:Thing", "it", seed) for _ in range(2))
    assert first is not None
    assert again == first
    assert re.fullmatch(rf"it-[a-z0-9]{{{size}}}-[0-9a-f]{{{size}}}", first.name)


def test_random_numbers_are_those_of_go() -> None:
    """The first numbers of its own test, and those after a new key (992 bytes further)."""
    source = ChaCha8(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ123456")
    numbers = [source.uint64() for _ in range(GO_LENGTH)]
    assert numbers[: len(GO_FIRST)] == list(GO_FIRST)
    assert numbers[-len(GO_LAST) :] == list(GO_LAST)


def test_bytes_that_are_left_over_come_next() -> None:
    whole, parts = (ChaCha8(bytes(32)) for _ in range(2))
    assert b"".join(parts.read(size) for size in (3, 0, 7, 13, 1)) == whole.read(24)
