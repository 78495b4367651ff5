"""What no provider or pack should do: a clear error, and a state to go on from."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from datahall.engine import PolicyPackFailed, ProviderFailed

from .conftest import World
from .programs import Thing


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("no id", "::it: provider cloud returned no id from Create"),
        ("malformed", "::it: provider cloud gave an invalid answer to Create: .*of no kind"),
    ],
)
def test_an_invalid_answer_is_named_and_what_was_made_is_adopted(
    world: World, answer: str, word: str
) -> None:
    spoil = world.cloud / "spoil"
    spoil.touch()
    with pytest.raises(ProviderFailed, match=word):
        world.up(lambda: Thing("it", answer=answer))
    assert [p["type"] for p in world.checkpoint()["pending_operations"]] == ["creating"]
    spoil.unlink()
    world.up(lambda: Thing("it", answer=answer))
    assert world.count() == 1
    assert "pending_operations" not in world.checkpoint()


def test_what_is_unknown_after_a_creation_is_no_state(world: World) -> None:
    (world.cloud / "spoil").touch()
    with pytest.raises(ProviderFailed, match="does not know `area` after Create"):
        world.up(lambda: Thing("it", answer="unknown"))
    assert "area" not in world.resources()["it"].outputs
    assert world.resources()["it"].init_errors
    world.up(lambda: Thing("it"))
    assert world.resources()["it"].outputs["area"] == 1
    assert world.count() == 1


def test_a_number_that_is_none_is_kept(world: World) -> None:
    (world.cloud / "spoil").touch()
    world.up(lambda: Thing("it", answer="not a number"))
    area = world.resources()["it"].outputs["area"]
    assert isinstance(area, float)
    assert math.isnan(area)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("print('hello')", "printed b'hello.*' instead of a port"),
        ("raise KeyError('at once')", "(?s)ended before it served.*KeyError: 'at once'"),
        ("import os; os._exit(7)", "exit code 7"),
    ],
)
def test_a_pack_that_does_not_serve_is_named(world: World, tmp_path: Path, code: str, word: str) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(code)
    with pytest.raises(PolicyPackFailed, match=word):
        world.up(lambda: Thing("it"), policy_packs=[pack])
    assert world.count() == 0
