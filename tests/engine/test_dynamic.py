"""Dynamic providers: resources whose provider is a class of the program itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from datahall.engine import Op, ProviderFailed

from .conftest import World

PROGRAM = """
import json, os, uuid
from pathlib import Path
import pulumi
from pulumi.dynamic import (
    ConfigureRequest, CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult,
)

FOLDER = Path(os.environ["CLOUD_FOLDER"])


class Files(ResourceProvider):
    region: str

    def configure(self, req: ConfigureRequest):
        self.region = req.config.require("region")

    def create(self, props):
        if props["text"] == "refuse":
            raise ValueError("this text is refused")
        id_ = uuid.uuid4().hex[:8]
        return CreateResult(id_, self.write(id_, props))

    def diff(self, id_, olds, news):
        changed = [key for key in ("text", "kind", "key") if olds.get(key) != news.get(key)]
        return DiffResult(bool(changed), replaces=[key for key in changed if key == "kind"])

    def update(self, id_, olds, news):
        return UpdateResult(self.write(id_, news))

    def read(self, id_, props):
        return ReadResult(id_, {**props, **json.loads((FOLDER / id_).read_text())})

    def delete(self, id_, props):
        (FOLDER / id_).unlink()

    def write(self, id_, props):
        data = {"text": props["text"], "kind": props["kind"]}
        (FOLDER / id_).write_text(json.dumps(data))
        return {**props, "size": len(props["text"]), "region": self.region}


class File(Resource):
    size: pulumi.Output[int]
    region: pulumi.Output[str]

    def __init__(self, name, text, kind="plain", key="k", opts=None):
        props = {"text": text, "kind": kind, "key": key, "size": None, "region": None}
        super().__init__(Files(), name, props, opts)


"""


class Dynamic:
    """A project whose program declares files."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.cloud.mkdir(exist_ok=True)
        with world.project.config_file("dev").open("a") as file:
            file.write("config:\n  proj:region: here\n")

    def up(self, body: str) -> Mapping[Op, int]:
        (self.world.folder / "__main__.py").write_text(PROGRAM + body)
        return self.world.up(None, config=None).summary  # type: ignore[arg-type]  # the project's own program

    def files(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in sorted(self.world.cloud.iterdir())]


@pytest.fixture
def dynamic(own_world: World) -> Dynamic:
    return Dynamic(own_world)


def test_a_life_of_dynamic_resources(dynamic: Dynamic) -> None:
    world = dynamic.world
    body = 'file = File("it", "hello")\npulumi.export("it", [file.size, file.region])\n'
    assert dynamic.up(body) == {Op.CREATE: 2}
    assert world.outputs() == {"it": [5, "here"]}
    assert dynamic.files() == [{"text": "hello", "kind": "plain"}]
    assert dynamic.up(body) == {Op.SAME: 2}

    assert dynamic.up(body.replace("hello", "good day"))[Op.UPDATE] == 1
    assert dynamic.files() == [{"text": "good day", "kind": "plain"}]
    assert dynamic.up(body.replace('"hello"', '"good day", kind="other"'))[Op.REPLACE] == 1
    assert dynamic.files() == [{"text": "good day", "kind": "other"}]

    [file] = world.cloud.iterdir()
    file.write_text(json.dumps({"text": "changed", "kind": "other"}))
    assert world.refresh(config=None).summary[Op.REFRESH] == 1
    assert world.resources()["it"].outputs["text"] == "changed"
    world.destroy(config=None)
    assert dynamic.files() == []


def test_the_program_is_not_in_the_clear(dynamic: Dynamic) -> None:
    dynamic.up('File("it", "hello", key=pulumi.Output.secret("hunter2"))\n')
    recorded = dynamic.world.checkpoint()["resources"][-1]
    assert "ciphertext" in recorded["inputs"]["__provider"]
    assert "hunter2" not in dynamic.world.state_file.read_text()


def test_what_it_raises_is_told(dynamic: Dynamic) -> None:
    with pytest.raises(ProviderFailed, match="this text is refused"):
        dynamic.up('File("it", "refuse")\n')
    assert dynamic.files() == []
    assert dynamic.up('File("it", "accept")\n')[Op.CREATE] == 1
