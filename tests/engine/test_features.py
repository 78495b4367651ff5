"""docs/engine.md says what the engine has and what it refuses, and SupportsFeature is honest."""

from __future__ import annotations

import re
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.proto import resource_pb2

from datahall.engine.features import IMPLEMENTED, MONITOR_FEATURES, REFUSED, feature_by_old_name

from .conftest import World
from .programs import Thing

DOC = Path(__file__).parents[2] / "docs" / "engine.md"


@pytest.mark.parametrize(("heading", "table"), [("Implemented", IMPLEMENTED), ("Refused", REFUSED)])
def test_the_page_lists_the_table(heading: str, table: dict[str, str]) -> None:
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOC.read_text(), re.MULTILINE | re.DOTALL)
    assert section is not None
    listed = [line.removeprefix("- ") for line in section[1].splitlines() if line.startswith("- ")]
    assert listed == [f"{name}: {note}" if note else name for name, note in table.items()]


def test_nothing_is_both() -> None:
    assert not {*IMPLEMENTED} & {*REFUSED}


def test_features_that_are_refused_are_not_announced() -> None:
    assert resource_pb2.RESOURCE_MONITOR_FEATURE_STATE_MIGRATIONS not in MONITOR_FEATURES


def test_what_an_older_client_asks_for_is_announced_to_a_newer_one() -> None:
    assert {feature_by_old_name(name) for name in ("parameterization", "replaceWith")} <= {*MONITOR_FEATURES}
    assert feature_by_old_name("timeTravel") is None


def test_the_sdk_refuses_what_is_not_announced(world: World) -> None:
    def migrate(_: pulumi.StateMigrationArgs) -> None:
        """Never called."""

    def program() -> None:
        Thing("it", opts=pulumi.ResourceOptions(state_migrations=[migrate]))

    with pytest.raises(Exception, match="does not support state migrations"):
        world.up(program)
    assert world.count() == 0
