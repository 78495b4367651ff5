"""A backend's folder: layouts, compressed states, pieces that cannot be written, locks that meet."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from datahall import engine
from datahall.engine import BrokenState, StackLocked, StoreFailed, Unsupported
from datahall.engine.backend import Backend
from datahall.engine.storage.folder import FolderStore

from .conftest import World
from .programs import Thing


def one() -> None:
    Thing("it", note="text")


def compressed(world: World) -> World:
    world.options = replace(world.options, backend=Backend(FolderStore(world.backend), gzip=True))
    return world


def plain(world: World) -> World:
    world.options = replace(world.options, backend=world.backend)
    return world


def states(world: World) -> list[str]:
    return sorted(file.name for file in world.state_file.parent.iterdir() if file.is_file())


def test_a_compressed_stack_is_lived_in_as_any_other(world: World) -> None:
    compressed(world)
    engine.init_stack(world.project, "dev", world.options)
    assert world.up(one).changed
    assert states(world) == ["dev.json.gz", "dev.json.gz.bak"]
    content = json.loads(gzip.decompress((world.state_file.parent / "dev.json.gz").read_bytes()))
    assert content["version"] == 3
    history = world.backend / ".pulumi" / "history" / "proj" / "dev"
    assert {file.name.partition(".")[2] for file in history.iterdir()} == {
        "history.json.gz",
        "checkpoint.json.gz",
    }
    assert not world.preview(one).changed
    assert [s.name for s in engine.list_stacks(world.project, world.options)] == ["dev"]
    assert len(engine.stack_history(world.project, "dev", world.options)) == 1
    assert engine.export_stack(world.project, "dev", world.options)["deployment"]["resources"]
    world.destroy()
    engine.remove_stack(world.project, "dev", world.options)
    assert states(world) == ["dev.json.gz.bak"]


def test_what_is_read_does_not_depend_on_how_it_would_be_written(world: World) -> None:
    world.up(one)
    compressed(world)
    assert not world.up(one).changed
    assert states(world) == ["dev.json", "dev.json.bak"]  # nothing to write, so nothing written
    world.up(lambda: Thing("it", note="new"))
    assert states(world) == ["dev.json.bak", "dev.json.gz"]
    plain(world)
    assert world.outputs() == {}
    world.up(lambda: Thing("it", note="newer"))
    assert states(world) == ["dev.json", "dev.json.bak", "dev.json.gz.bak"]
    assert not world.preview(lambda: Thing("it", note="newer")).changed


@pytest.mark.parametrize("newer", ["dev.json", "dev.json.gz"])
def test_of_two_forms_the_newer_one_counts_and_then_stays(world: World, newer: str) -> None:
    world.up(one)
    raw = world.state_file.read_bytes()
    gone = json.loads(raw)
    del gone["sha256"], gone["checkpoint"]["latest"]["resources"]
    old = json.dumps(gone).encode()
    packed = world.state_file.with_name("dev.json.gz")
    world.state_file.write_bytes(raw if newer == "dev.json" else old)
    packed.write_bytes(gzip.compress(old if newer == "dev.json" else raw))
    for file in (world.state_file, packed):
        os.utime(file, (1_000, 1_001 if file.name == newer else 1_000))
    assert not world.preview(one).changed
    world.up(lambda: Thing("it", note="new"))
    assert [name for name in states(world) if not name.endswith(".bak")] == ["dev.json"]


def test_a_compressed_state_is_known_by_its_content(world: World) -> None:
    world.up(one)
    world.state_file.write_bytes(gzip.compress(world.state_file.read_bytes()))
    assert not world.preview(one).changed


def test_zstd_is_refused_by_name(world: World) -> None:
    world.up(one)
    world.state_file.rename(world.state_file.with_name("dev.json.zst"))
    world.state_file.with_name("dev.json.zst").write_bytes(b"\x28\xb5\x2f\xfd and more")
    with pytest.raises(Unsupported, match=r"dev\.json\.zst: compressed with zstd"):
        world.up(one)


def test_a_compressed_state_that_is_damaged_is_named_with_the_way_back(world: World) -> None:
    compressed(world)
    world.up(one)
    file = world.state_file.with_name("dev.json.gz")
    good = file.read_bytes()
    for at in range(0, len(good), 5):
        for damaged in (good[:at], good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :]):
            file.write_bytes(damaged)
            with (
                nullcontext()
                if same(damaged, good)
                else pytest.raises(BrokenState, match=r"checkpoint\.json\.gz' '")
            ):
                world.recorded()


def same(one: bytes, other: bytes) -> bool:
    """Whether both hold the same: some bits of a head, and those that fill up a byte, mean nothing."""
    try:
        return gzip.decompress(one) == gzip.decompress(other)
    except (OSError, EOFError, zlib.error):
        return False


def legacy(folder: Path) -> None:
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks" / "dev.json").write_text('{"version": 3, "checkpoint": {}}')


def meta(content: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "meta.yaml").write_text(content)

    return write


@pytest.mark.parametrize(
    ("layout", "kind", "words"),
    [
        (
            legacy,
            Unsupported,
            r"stacks without projects \(layout 0\); upgrade it.*state upgrade",
        ),
        (meta("version: 0\n"), Unsupported, "layout version 0.*pulumi state upgrade"),
        (meta("version: 2\n"), Unsupported, "layout version 2, only 1 is supported; update datahall"),
        (meta(""), BrokenState, "no layout version; write `version: 1` into it"),
        (meta("version: true\n"), BrokenState, "no layout version"),
        (meta("version: '1'\n"), BrokenState, "no layout version"),
        (meta("version: [\n"), BrokenState, "no layout version"),
        (meta("ver"), BrokenState, "no layout version"),
        (meta("\0\1\2"), BrokenState, "no layout version"),
    ],
)
def test_another_layout_is_named_by_all_and_left_alone(
    world: World, layout: Callable[[Path], None], kind: type[Exception], words: str
) -> None:
    folder = world.backend / ".pulumi"
    layout(folder)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    project, options = world.project, world.options
    acts: list[Callable[[], object]] = [
        lambda: world.up(one),
        lambda: world.preview(one),
        world.refresh,
        lambda: engine.list_stacks(project, options),
        lambda: engine.read_stack(project, "dev", options),
        lambda: engine.init_stack(project, "dev", options),
        lambda: engine.export_stack(project, "dev", options),
        lambda: engine.cancel_stack(project, "dev", options),
        lambda: engine.remove_stack(project, "dev", options),
    ]
    for act in acts:
        with pytest.raises(kind, match=words):
            act()
    assert before == {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert world.count() == 0


@pytest.mark.parametrize("content", ["version: 1\n", "version: 1", "# ours\nversion: 1 # so far\nmore: 2\n"])
def test_a_layout_that_says_so_in_other_words_is_ours(world: World, content: str) -> None:
    meta(content)(world.backend / ".pulumi")
    assert world.up(one).changed
    assert (world.backend / ".pulumi" / "meta.yaml").read_text() == content


def test_a_full_disk_is_told_and_the_state_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.up(one)
    good = world.state_file.read_bytes()
    rename = os.replace

    def no_room(source: Path, target: Path) -> None:
        if target == world.state_file:
            raise OSError(28, "No space left on device")
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("datahall.engine.storage.folder.os.replace", no_room)
        with pytest.raises(StoreFailed, match=r"dev\.json: cannot be written \(No space left on device\)"):
            world.up(lambda: Thing("other"))
    assert world.state_file.read_bytes() == good
    assert [file.name for file in world.state_file.parent.iterdir() if ".tmp" in file.name] == []
    world.up(lambda: Thing("other"))
    assert list(world.inventory()) == ["other"]


class Meeting(FolderStore):
    """The official engine locks the stack between our look and our lock, or right after it."""

    def write(self, key: str, content: bytes, *, replacing: str | None = None) -> str | None:
        super().write(key, content, replacing=replacing)
        if "/locks/" in key:
            theirs = {**json.loads(content), "hostname": "elsewhere"}
            super().write(key.rpartition("/")[0] + "/theirs.json", json.dumps(theirs).encode())
        return None


def test_of_two_locks_that_meet_ours_gives_way(world: World) -> None:
    world.options = replace(world.options, backend=Backend(Meeting(world.backend)))
    with pytest.raises(StackLocked, match="elsewhere"):
        world.up(one)
    left = [file.name for file in (world.backend / ".pulumi" / "locks").rglob("*.json")]
    assert (left, world.count()) == (["theirs.json"], 0)


def test_removing_a_stack_takes_its_tags_and_history_and_keeps_the_last_state(world: World) -> None:
    world.up(one)
    tags = world.state_file.with_name("dev.pulumi-tags")  # of the official CLI's `stack tag`
    tags.write_text('{"version": 1, "tags": {}}')
    world.destroy()
    engine.remove_stack(world.project, "dev", world.options)
    assert states(world) == ["dev.json.bak"]
    assert not list((world.backend / ".pulumi" / "history").rglob("*.json"))
