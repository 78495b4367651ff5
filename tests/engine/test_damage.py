"""State files that are not what was written: named, never used, and the last good copy offered."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datahall.engine import BrokenState

from .conftest import World
from .programs import Thing


@pytest.fixture
def state(world: World) -> Path:
    """The state file of a stack with a few things, and one operation before it."""
    world.up(lambda: Thing("it"))
    world.up(lambda: [Thing("it", size=2), Thing("other", note="text", opts=None)])
    return world.state_file


def newest(world: World) -> Path:
    """The copy that the last operation left in the history."""
    return max((world.backend / ".pulumi" / "history" / "proj" / "dev").glob("*.checkpoint.json"))


def content(raw: bytes) -> dict[str, Any]:
    data = json.loads(raw)
    return {name: data[name] for name in ("version", "checkpoint")}


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_taken_for_state(world: World, state: Path, place: float, bit: int) -> None:
    good = state.read_bytes()
    raw = bytearray(good)
    raw[int(place * len(raw))] ^= 1 << bit
    state.write_bytes(raw)
    try:
        # Where the checksum's name was hit, the JSON may hold still: all else is as it was.
        kept = b'"sha256"' not in raw and content(bytes(raw)) == content(good)
    except ValueError:
        kept = False
    try:
        with nullcontext() if kept else pytest.raises(BrokenState, match=f"cp '{newest(world)}' '{state}'"):
            world.recorded()
    finally:
        state.write_bytes(good)


def test_a_file_cut_short_anywhere_is_named(world: World, state: Path) -> None:
    good = state.read_bytes()
    for length in range(0, len(good), 7):
        state.write_bytes(good[:length])
        with pytest.raises(BrokenState, match="not valid JSON"):
            world.recorded()


def test_a_value_changed_in_place_is_seen(world: World, state: Path) -> None:
    state.write_text(state.read_text().replace('"note":"text"', '"note":"tex_"'))
    with pytest.raises(BrokenState, match="does not match its checksum"):
        world.up(lambda: Thing("it"))
    assert world.count() == 2


def test_one_changed_on_purpose_is_used_without_its_checksum(world: World, state: Path) -> None:
    data = json.loads(state.read_text())
    del data["sha256"]
    state.write_text(json.dumps(data, indent=4))
    world.up(lambda: None)
    assert world.count() == 0


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda file: file.write_bytes(b""), "not valid JSON"),
        (lambda file: (file.unlink(), file.mkdir()), "cannot be read"),
        (lambda file: file.write_bytes(b"\xff" * 40), "not valid JSON"),
        (lambda file: file.write_text("[" * 100_000), "not valid JSON"),
        (lambda file: file.write_text('{"version": 5, "checkpoint": {}}'), "version 5"),
        (lambda file: file.write_text('{"version": 3, "checkpoint": []}'), "malformed"),
        (lambda file: file.write_text('{"version": 3, "checkpoint": {"latest": 7}}'), "malformed"),
        (
            lambda file: file.write_text('{"version": 3, "checkpoint": {"latest": {"resources": {"a": 1}}}}'),
            "malformed",
        ),
    ],
)
def test_what_is_no_state_is_named(
    world: World, state: Path, damage: Callable[[Path], None], word: str
) -> None:
    damage(state)
    with pytest.raises(BrokenState, match=word) as caught:
        world.up(lambda: None)
    assert str(state) in str(caught.value)
    assert world.count() == 2


def test_the_command_offered_brings_the_stack_back(world: World, state: Path) -> None:
    good = content(state.read_bytes())
    state.write_bytes(state.read_bytes()[:50])
    with pytest.raises(BrokenState) as caught:
        world.outputs()
    command = re.search(r"cp '.*'", str(caught.value))
    assert command is not None
    subprocess.run(command[0], shell=True, check=True)  # noqa: S602 - what the user is told to type
    assert content(state.read_bytes()) == good


def test_the_newest_copy_that_is_good_is_offered(world: World, state: Path) -> None:
    damaged = newest(world)
    damaged.write_bytes(damaged.read_bytes()[:-9])
    state.write_text("{")
    with pytest.raises(BrokenState, match=f"cp '{state}.bak' '{state}'"):  # that of before the last operation
        world.outputs()


def test_no_copy_that_is_damaged_too_is_offered(world: World, state: Path) -> None:
    state.with_name("dev.json.bak").write_text("{")
    shutil.rmtree(world.backend / ".pulumi" / "history")
    state.write_text("{")
    with pytest.raises(BrokenState, match="none of those beside it is good"):
        world.outputs()
