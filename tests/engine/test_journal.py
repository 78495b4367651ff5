"""A large state is not written again at each step: what changed is added to a journal beside it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datahall import engine
from datahall.engine import BrokenState, recorder
from datahall.engine.checkpoint import JOURNAL, read_checkpoint
from datahall.engine.stack_options import stack_files
from datahall.engine.state_edit import protect_states
from datahall.engine.storage import folder

from .conftest import World
from .official import sharing
from .programs import House, Thing


def before() -> None:
    base = Thing("base", size=1)
    Thing("plot", plot="a", note=base.serial)
    Thing("kind", kind="oak")
    Thing("gone")
    House("home")


def after() -> None:
    base = Thing("base", size=2)
    plot = Thing("plot", plot="b", note=base.serial)
    Thing("kind", kind="pine")
    Thing("fresh", note=plot.serial)
    House("home", size=3)


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "WHOLE_BYTES", 0)


def journal_of(world: World) -> Path:
    return world.state_file.with_name("dev.json.journal")


def recorded(world: World) -> tuple[list[Any], list[Any]]:
    """What a reader takes for the stack's resources and pending operations."""
    checkpoint = read_checkpoint(stack_files(world.project, "dev", world.options))
    return checkpoint.resources, checkpoint.pending


@pytest.fixture
def left(world: World) -> World:
    """A stack whose update ended before its journal was brought into the state."""
    world.up(before)
    saved = world.folder / "saved"

    def keeping(event: engine.Event) -> None:
        if isinstance(event, engine.ResourceDone):
            half_written = shutil.ignore_patterns(".*.tmp")
            shutil.copytree(world.backend, saved, dirs_exist_ok=True, ignore=half_written)

    world.up(after, parallel=1, on_event=keeping)
    shutil.rmtree(world.backend)
    shutil.copytree(saved, world.backend)
    shutil.rmtree(saved)
    for lock in (world.backend / ".pulumi" / "locks").rglob("*.json"):
        lock.unlink()
    whole, _, _ = journal_of(world).read_bytes().rpartition(b"\n")
    journal_of(world).write_bytes(whole + b"\n")
    return world


def test_a_journal_ends_with_its_operation(world: World) -> None:
    seen: list[bool] = []

    def program() -> None:
        Thing("it")
        Thing("other").serial.apply(lambda _: seen.append(journal_of(world).exists()))

    world.up(program)
    assert seen == [True]
    assert not journal_of(world).exists()
    data = json.loads(world.state_file.read_text())
    assert data["version"] == 3
    assert "features" not in data


def test_what_is_read_meanwhile_is_state_and_journal(world: World) -> None:
    read: list[set[str]] = []

    def program() -> None:
        first = Thing("first")
        Thing("second", note=first.serial).serial.apply(
            lambda _: read.append({r["urn"].rpartition("::")[2] for r in recorded(world)[0]})
        )

    world.up(program)
    assert {"first"} <= read[0]
    assert not world.preview(program).changed


def test_what_a_killed_update_left_is_read_shown_and_brought_into_the_state(left: World) -> None:
    resources, pending = recorded(left)
    journal = journal_of(left).read_bytes()
    state = engine.read_stack(left.project, "dev", left.options)
    assert state is not None
    assert len(state.resources) == len(resources)
    exported = engine.export_stack(left.project, "dev", left.options)
    assert (exported["version"], "features" in exported) == (3, False)
    assert exported["deployment"]["resources"] == resources
    left.preview(after)
    assert journal_of(left).read_bytes() == journal  # who only looks changes nothing
    protect_states(left.project, "dev", left.options, [resources[0]["urn"]], protect=False)
    assert not journal_of(left).exists()
    assert recorded(left) == (resources, pending)
    left.up(after)
    assert not left.preview(after).changed


def test_a_line_that_was_cut_short_was_never_written(left: World) -> None:
    whole = journal_of(left).read_bytes()
    *_, last = whole.splitlines(keepends=True)
    expected = recorded_without_last(left, whole[: -len(last)])
    for length in range(0, len(last) - 1, 11):
        journal_of(left).write_bytes(whole[: len(whole) - len(last) + length])
        assert recorded(left) == expected


def recorded_without_last(world: World, journal: bytes) -> tuple[list[Any], list[Any]]:
    journal_of(world).write_bytes(journal)
    return recorded(world)


@settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_of_the_journal_is_named(left: World, place: float, bit: int) -> None:
    good = journal_of(left).read_bytes()
    raw = bytearray(good)
    raw[int(place * len(raw))] ^= 1 << bit
    journal_of(left).write_bytes(raw)
    try:
        with pytest.raises(BrokenState, match="its journal"):
            recorded(left)
    finally:
        journal_of(left).write_bytes(good)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda file: file.unlink(), "is not there"),
        (lambda file: file.write_bytes(b""), "it is empty"),
        (
            lambda file: file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[1:])),
            "checksum",
        ),
        (lambda file: file.write_bytes(file.read_bytes() + b"}\n"), "checksum"),
    ],
)
def test_without_its_whole_journal_a_state_is_not_used(
    left: World, damage: Callable[[Path], None], word: str
) -> None:
    count = left.count()
    damage(journal_of(left))
    with pytest.raises(BrokenState, match=rf"its journal.*{word}.*restore the last good one: cp"):
        left.up(after)
    assert left.count() == count
    assert not list((left.backend / ".pulumi" / "locks").rglob("*.json"))


def test_a_state_put_back_from_its_backup_takes_no_journal(left: World) -> None:
    backup = left.state_file.with_name("dev.json.bak")
    shutil.copy(backup, left.state_file)
    resources, pending = recorded(left)
    assert "gone" in {r["urn"].rpartition("::")[2] for r in resources}
    assert not pending
    protect_states(left.project, "dev", left.options, None, protect=True)
    assert not journal_of(left).exists()
    assert all(r["protect"] for r in recorded(left)[0])


def test_a_disk_that_is_full_leaves_what_was_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write, journal = os.write, journal_of(world)
    added = [0]

    def full(descriptor: int, content: bytes) -> int:
        if Path(f"/proc/self/fd/{descriptor}").resolve() != journal:
            return write(descriptor, content)
        added[0] += 1
        if added[0] == 3:
            write(descriptor, content[:20])
            raise OSError(28, "No space left on device")
        return write(descriptor, content)

    monkeypatch.setattr(folder.os, "write", full)  # type: ignore[attr-defined]
    with pytest.raises(engine.EngineError, match="No space left"):
        world.up(before, parallel=1)
    monkeypatch.undo()
    recorded(world)  # raises if it were damaged
    world.up(before)
    assert sorted(world.inventory()) == ["base", "gone", "home-base", "home-roof", "kind", "plot"]


@pytest.mark.parametrize("count", [40, 80])
def test_bytes_written_grow_with_the_resources(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Each resource has its intent and its outcome in the journal, and stands in two whole states."""
    written, append, write = [0], folder.append_durably, folder.write_atomically

    def adding(file: Path, content: bytes) -> None:
        written[0] += len(content)
        append(file, content)

    def writing(file: Path, content: bytes) -> None:
        if file == world.state_file:
            written[0] += len(content)
        write(file, content)

    monkeypatch.setattr(folder, "append_durably", adding)
    monkeypatch.setattr(folder, "write_atomically", writing)
    world.up(lambda: [Thing(f"thing-{number}") for number in range(count)] and None, parallel=1)
    size = world.state_file.stat().st_size
    assert 2 * size < written[0] < 4 * size


@pytest.mark.skipif(not shutil.which("pulumi"), reason="no official pulumi on PATH")
def test_the_official_cli_refuses_a_state_with_a_journal(left: World) -> None:
    pulumi = sharing(left, "folder", None)
    refused = pulumi.run("stack", "export", "--stack", "organization/proj/dev")
    assert refused.returncode != 0
    assert JOURNAL in refused.stderr
    left.up(after)
    assert "fresh" in pulumi("stack", "export", "--stack", "organization/proj/dev")
