"""Archive files inside mappings, names that only PAX can say, and assets behind a URI."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahall.engine import Op, ProgramFailed, Unsupported, remote_assets, tar_blocks

from .conftest import Json, World
from .programs import Thing

FILES: Final[Mapping[str, bytes]] = {"a": b"a", "sub/b": b"b" * 700, "sub/deep/c": b""}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def recorded(world: World) -> Json:
    return next(r for r in world.checkpoint()["resources"] if r["urn"].endswith("::it"))["inputs"]


def folder(path: Path, files: Mapping[str, bytes] = FILES) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def packed(path: Path, files: Mapping[str, bytes] = FILES) -> Path:
    """An archive file of the kind that its name says, with a folder in it."""
    if path.suffix in (".zip", ".jar"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.mkdir("sub")
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as tar:
        directory = tarfile.TarInfo("sub")
        directory.type = tarfile.DIRTYPE
        tar.addfile(directory)
        for name, content in files.items():
            header = tarfile.TarInfo(f"./{name}")
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["code.tar", "code.tgz", "code.tar.gz", "code.zip", "code.jar"])
def test_an_archive_file_in_a_mapping_counts_by_what_is_in_it(
    world: World, tmp_path: Path, name: str
) -> None:
    """As a folder with the same files does: the official engine makes one tar of both."""
    file, plain = packed(tmp_path / name), folder(tmp_path / "plain")

    def program() -> None:
        Thing(
            "it",
            packed=pulumi.AssetArchive({"in": pulumi.FileArchive(str(file))}),
            plain=pulumi.AssetArchive({"in": pulumi.FileArchive(str(plain))}),
        )

    world.up(program)
    inputs = recorded(world)
    assert inputs["packed"]["hash"] == inputs["plain"]["hash"]
    assert inputs["packed"]["assets"]["in"]["hash"] == sha(file.read_bytes())
    packed(file, {**FILES, "a": b"other"})
    assert world.up(program).summary[Op.UPDATE] == 1
    assert recorded(world)["packed"]["hash"] != inputs["packed"]["hash"]


def test_what_is_no_archive_is_named(world: World, tmp_path: Path) -> None:
    def of(name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        inner = pulumi.FileArchive(str(tmp_path / name))
        world.up(lambda: Thing("it", code=pulumi.AssetArchive({"in": inner})))

    whole = packed(tmp_path / "whole.tgz").read_bytes()
    for name, content in (("a.tar", b"x" * 600), ("a.tgz", whole[:-20]), ("a.zip", b"PK"), ("a.tar.gz", b"")):
        with pytest.raises(ProgramFailed, match=rf"archive: .*{name}: cannot be read .*make it again"):
            of(name, content)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(Unsupported, match="link: neither a file nor a folder"):
        of("a.tar", stream.getvalue())
    assert world.count() == 0


NAMES = st.lists(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=120),
    min_size=1,
    max_size=4,
).filter(lambda parts: not {".", ".."} & {*parts})


@given(NAMES, st.binary(max_size=1200))
def test_a_tar_says_every_name(parts: list[str], content: bytes) -> None:
    name = "/".join(parts)
    written = tar_blocks.member(name, content) + tar_blocks.end()
    with tarfile.open(fileobj=io.BytesIO(written)) as tar:
        [info] = tar.getmembers()
        stream = tar.extractfile(info)
        assert stream is not None
        assert (info.name, info.mode, stream.read()) == (name, 0o600, content)


class Site(http.server.BaseHTTPRequestHandler):
    """Files by path, and what else a server may answer."""

    pages: Mapping[str, bytes] = {}

    def do_GET(self) -> None:
        """Answer."""
        path = self.path.partition("?")[0]
        if path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://198.51.100.7/secret.txt")
        elif path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/page.txt")
        elif path in self.pages:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.pages[path])))
        else:
            self.send_response(404)
        self.end_headers()
        self.wfile.write(self.pages.get(path, b""))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def site(pages: Mapping[str, bytes]) -> Iterator[str]:
    """A server on loopback, and its address."""
    handler = type("Pages", (Site,), {"pages": pages})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_remote_assets_are_recorded_with_the_hash_of_what_is_there(world: World, tmp_path: Path) -> None:
    file = packed(tmp_path / "code file.zip")
    pages = {"/page.txt": b"words", "/code.zip": file.read_bytes()}
    with site(pages) as address:

        def program() -> None:
            code = pulumi.RemoteArchive(f"{address}/code.zip?version=1")
            Thing(
                "it",
                page=pulumi.RemoteAsset(f"{address}/moved"),
                code=code,
                local=pulumi.RemoteArchive(file.as_uri()),
                parts=pulumi.AssetArchive({"page": pulumi.RemoteAsset(f"{address}/page.txt"), "in": code}),
            )

        world.up(program)
        inputs = recorded(world)
        assert inputs["page"]["hash"] == sha(b"words")
        assert inputs["page"]["uri"] == f"{address}/moved"
        assert inputs["code"]["hash"] == inputs["local"]["hash"] == sha(file.read_bytes())
        assert not world.up(program).changed
        pages["/page.txt"] = b"other words"
        assert world.up(program).summary[Op.UPDATE] == 1
        assert recorded(world)["parts"]["hash"] != inputs["parts"]["hash"]
        assert world.inventory()["it"]["page"]["uri"] == f"{address}/moved"


def test_what_cannot_be_fetched_is_named_without_its_secrets(world: World) -> None:
    with site({}) as address:
        host = address.removeprefix("http://")
        for uri, error, word in (
            (f"{address}/none.txt", ProgramFailed, "the server answers 404"),
            (f"{address}/away", Unsupported, r"198\.51\.100\.7/secret\.txt: on another machine"),
            (f"http://user:hunter2@{host}/none?token=hunter2", ProgramFailed, "/none: "),
            ("https://example.com/x?token=hunter2", Unsupported, "example.com/x: on another machine"),
            ("ftp://127.0.0.1/x", Unsupported, "only file, http and https"),
            ("file:///no/such/file", ProgramFailed, "No such file"),
            ("file://elsewhere/file", ProgramFailed, "not a file of this machine"),
            ("http://127.0.0.1:1/x", ProgramFailed, "cannot be fetched"),
            ("http://127.0.0.1:none/x", ProgramFailed, "not a URI"),
        ):
            with pytest.raises(error, match=word) as caught:
                world.up(lambda uri=uri: Thing("it", file=pulumi.RemoteAsset(uri)))  # type: ignore[misc]
            assert "hunter2" not in str(caught.value)
        with pytest.raises(ProgramFailed, match="/code: no archive file"):
            world.up(lambda: Thing("it", code=pulumi.RemoteArchive(f"{address}/code")))
    assert world.count() == 0


def test_what_is_too_large_is_not_read_to_its_end() -> None:
    with site({"/big": bytes(1000)}) as address:
        assert len(remote_assets.fetch(f"{address}/big", most=1000)) == 1000
        with pytest.raises(ProgramFailed, match="larger than 999 bytes"):
            remote_assets.fetch(f"{address}/big", most=999)
