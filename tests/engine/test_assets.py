"""Assets and archives, from the program to the provider and the state."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pulumi
import pytest

from datahall.engine import Op, ProgramFailed
from datahall.engine.values import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SIGNATURE

from .conftest import Json, World
from .programs import Thing


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def recorded(world: World, name: str = "it") -> Json:
    return next(r for r in world.checkpoint()["resources"] if r["urn"].endswith(f"::{name}"))["inputs"]


def test_assets_are_recorded_with_their_hash_and_reach_the_provider(world: World, tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(b"\x00bytes")

    def program() -> None:
        thing = Thing("it", text=pulumi.StringAsset("words"), file=pulumi.FileAsset(str(file)))
        pulumi.export("text", thing.label)

    world.up(program)
    text = {SIGNATURE: ASSET_SIGNATURE, "hash": sha(b"words"), "text": "words"}
    inputs = recorded(world)
    assert inputs["text"] == text
    assert inputs["file"] == {SIGNATURE: ASSET_SIGNATURE, "hash": sha(b"\x00bytes"), "path": str(file)}
    assert world.inventory()["it"]["text"] == text
    assert not world.up(program).changed
    assert not world.refresh().changed
    file.write_bytes(b"other")
    assert world.preview(program).summary[Op.UPDATE] == 1
    assert world.up(program).summary[Op.UPDATE] == 1
    assert recorded(world)["file"]["hash"] == sha(b"other")


def test_archives_are_hashed_by_what_they_hold(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "code"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "b").write_text("b")
    (folder / "a").write_text("a")
    (folder / ".pulumi").mkdir()
    (folder / ".pulumi" / "left-out").write_text("")
    packed = tmp_path / "code.zip"
    packed.write_bytes(b"any bytes")

    def program() -> None:
        parts: dict[str, pulumi.Asset | pulumi.Archive] = {
            "z": pulumi.StringAsset("z"),
            "in": pulumi.FileArchive(str(folder)),
        }
        Thing(
            "it",
            folder=pulumi.FileArchive(str(folder)),
            packed=pulumi.FileArchive(str(packed)),
            parts=pulumi.AssetArchive(parts),
        )

    world.up(program)
    inputs = recorded(world)
    assert inputs["packed"]["hash"] == sha(b"any bytes")
    assert inputs["parts"][SIGNATURE] == ARCHIVE_SIGNATURE
    assert inputs["parts"]["assets"]["z"]["hash"] == sha(b"z")
    assert inputs["parts"]["assets"]["in"]["hash"] == inputs["folder"]["hash"]
    before = inputs["folder"]["hash"], inputs["parts"]["hash"]
    assert not world.up(program).changed
    (folder / "sub" / "b").rename(folder / "c")
    assert world.up(program).summary[Op.UPDATE] == 1
    after = recorded(world)["folder"]["hash"], recorded(world)["parts"]["hash"]
    assert not {*before} & {*after}


def test_the_hash_of_a_folder_is_that_of_a_tar(world: World, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a").write_text("content")
    world.up(lambda: Thing("it", code=pulumi.FileArchive(str(tmp_path / "code"))))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        header = tarfile.TarInfo("a")
        header.size, header.mode = 7, 0o600
        tar.addfile(header, io.BytesIO(b"content"))
    assert len(recorded(world)["code"]["hash"]) == 64
    assert sha(go_like(stream.getvalue())) == recorded(world)["code"]["hash"]


def go_like(tar: bytes) -> bytes:
    """A tar of one small file as the official engine writes it: device numbers, and no padding at the end."""
    header = bytearray(tar[:512])
    header[329:345] = b"0000000\0" * 2
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header) + tar[512:1024] + bytes(1024)


def test_a_relative_path_starts_at_the_programs_folder(own_world: World) -> None:
    own_world.project.main.joinpath("here.txt").write_text("here")
    (own_world.project.main / "__main__.py").write_text(
        "import pulumi, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent.parent)!r})\n"
        "from engine.programs import Thing\n"
        "Thing('it', file=pulumi.FileAsset('here.txt'))\n"
    )
    own_world.up(None)  # type: ignore[arg-type]  # the project's own program
    assert recorded(own_world)["file"]["path"] == "here.txt"
    assert recorded(own_world)["file"]["hash"] == sha(b"here")


def test_a_secret_asset_is_not_in_the_clear(world: World) -> None:
    world.up(lambda: Thing("it", text=pulumi.Output.secret(pulumi.StringAsset("hunter2"))))
    assert "hunter2" not in world.state_file.read_text()
    assert world.inventory()["it"]["text"]["text"] == "hunter2"


def test_what_cannot_be_read_is_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"missing\.txt: No such file"):
        world.up(lambda: Thing("it", file=pulumi.FileAsset(str(tmp_path / "missing.txt"))))
    with pytest.raises(ProgramFailed, match="neither a folder nor a file"):
        world.up(lambda: Thing("it", code=pulumi.FileArchive(str(tmp_path / "missing"))))
    assert world.count() == 0
