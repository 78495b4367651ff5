"""A project, a file-backed cloud and a provider plugin process for each worker."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import engine_pb2_grpc

from datahall import engine
from datahall.engine import Event, Options, ResourceState, Result
from datahall.engine.backend import Backend, StackFiles
from datahall.engine.checkpoint import Checkpoint, read_checkpoint
from datahall.engine.engine_service import EngineService
from datahall.engine.eventlog import EventLog
from datahall.engine.plugins import PluginProcess, start_plugin
from datahall.engine.secrets import Crypter
from datahall.engine.stack_options import stack_files
from datahall.engine.storage.bucket_url import open_bucket
from datahall.sandbox.aws import control

from .buckets import SECRET, Bucket, new_bucket

Json = Any
PLUGINS = Path(__file__).parent / "plugins"
PASSPHRASE = "correct horse"


class World:
    """A stack under test: its project, its cloud's inventory, and the engine's operations on it."""

    def __init__(self, folder: Path, salt: str, attach: Mapping[str, int], cloud: Path) -> None:
        self.folder = folder
        self.cloud = cloud
        self.events: list[Event] = []
        if not (folder / "Pulumi.yaml").exists():  # else it is another process's world, too
            (folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
            (folder / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {salt}\n")
        self.project = engine.load_project(folder)
        self.options = Options(
            backend=folder / "state",
            plugin_path=[PLUGINS],
            attach=attach,
            environment={"CLOUD_FOLDER": str(cloud), "DATAHALL_PYTHON": sys.executable},
            passphrase=PASSPHRASE,
            config={"cloud:region": "here"},
            on_event=self.events.append,
        )

    @property
    def backend(self) -> Path:
        """The backend's folder."""
        return self.folder / "state"

    @property
    def state_file(self) -> Path:
        return self.backend / ".pulumi" / "stacks" / "proj" / "dev.json"

    def up(self, program: Callable[[], Any], **changes: Json) -> Result:
        return engine.up(self.project, "dev", replace(self.options, program=program, **changes))

    def preview(self, program: Callable[[], Any], **changes: Json) -> Result:
        return engine.preview(self.project, "dev", replace(self.options, program=program, **changes))

    def refresh(self, **changes: Json) -> Result:
        return engine.refresh(self.project, "dev", replace(self.options, **changes))

    def destroy(self, **changes: Json) -> Result:
        return engine.destroy(self.project, "dev", replace(self.options, **changes))

    def outputs(self) -> dict[str, Any]:
        state = engine.read_stack(self.project, "dev", self.options, show_secrets=True)
        assert state is not None
        return state.outputs

    def resources(self) -> dict[str, ResourceState]:
        """Recorded things by name."""
        state = engine.read_stack(self.project, "dev", self.options, show_secrets=True)
        return {r.name: r for r in state.resources if not r.delete} if state else {}

    def files(self) -> StackFiles:
        """What the backend keeps of the stack."""
        return stack_files(self.project, "dev", self.options)

    def recorded(self) -> Checkpoint:
        """The state as the engine reads it. Raises BrokenState if it is not whole."""
        return read_checkpoint(self.files())

    def checkpoint(self) -> dict[str, Any]:
        latest: dict[str, Any] = json.loads(self.state_file.read_text())["checkpoint"]["latest"]
        return latest

    def inventory(self) -> dict[str, dict[str, Any]]:
        """What exists in the cloud, by resource name (an id is NAME-HEX)."""
        things = sorted(self.cloud.glob("*.thing"))
        return {file.name.rpartition("-")[0]: json.loads(file.read_text()) for file in things}

    def thing(self, name: str) -> Path:
        """The file of a thing in the cloud."""
        [file] = self.cloud.glob(f"{name}-??????.thing")
        return file

    def tamper(self, name: str, **changes: Json) -> None:
        """Change a thing behind the engine's back."""
        file = self.thing(name)
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    def count(self) -> int:
        return len(list(self.cloud.glob("*.thing")))

    def calls(self, *methods: str) -> list[dict[str, Any]]:
        """Calls that reached the cloud, in order."""
        log = self.cloud / "calls.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [line for line in lines if not methods or line["method"] in methods]

    def names(self, *methods: str) -> list[str]:
        return [call["urn"].rpartition("::")[2] for call in self.calls(*methods)]

    def said(self, severity: str) -> list[str]:
        return [e.message for e in self.events if isinstance(e, engine.Diagnostic) and e.severity == severity]

    def done(self) -> list[tuple[str, str]]:
        """Steps that were done, as (op, name)."""
        return [
            (str(e.op), e.urn.rpartition("::")[2]) for e in self.events if isinstance(e, engine.ResourceDone)
        ]

    def ids(self, names: Sequence[str]) -> list[str]:
        resources = self.resources()
        return [resources[name].id for name in names]


@pytest.fixture(scope="session")
def salt() -> str:
    return Crypter(PASSPHRASE).salt_state


@pytest.fixture(scope="session")
def cloud_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PluginProcess, Path]]:
    """One plugin process for all tests of a worker; each test has a folder of it to itself."""
    root = tmp_path_factory.mktemp("cloud")
    environment = {"CLOUD_FOLDER": str(root), "DATAHALL_PYTHON": sys.executable}
    process = start_plugin("cloud", [str(PLUGINS / "pulumi-resource-cloud")], environment)
    yield process, root
    process.stop()


@pytest.fixture
def world(tmp_path: Path, salt: str, cloud_plugin: tuple[PluginProcess, Path]) -> World:
    """A stack whose cloud plugin is attached (and fast)."""
    process, root = cloud_plugin
    for file in root.iterdir():
        file.unlink()
    return World(tmp_path, salt, {"cloud": process.port}, root)


@pytest.fixture(scope="session")
def parts_plugin() -> Iterator[PluginProcess]:
    """One plugin process for all tests, with an engine of its own that it logs to."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    engine_pb2_grpc.add_EngineServicer_to_server(EngineService(EventLog(None)), server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    command = [str(PLUGINS / "pulumi-resource-parts"), address]
    process = start_plugin("parts", command, {"DATAHALL_PYTHON": sys.executable})
    yield process
    process.stop()
    server.stop(grace=None).wait()


@pytest.fixture
def rows(world: World, parts_plugin: PluginProcess) -> World:
    """A stack whose providers, of things and of rows of them, are attached."""
    attach = {**world.options.attach, "parts": parts_plugin.port}
    world.options = replace(world.options, attach=attach)
    return world


@pytest.fixture
def own_world(tmp_path: Path, salt: str) -> World:
    """A stack whose plugins the engine starts and ends by itself."""
    return World(tmp_path, salt, {}, tmp_path / "cloud")


@pytest.fixture
def bucket(aws_server: control.Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket of the emulated AWS; the environment has credentials for it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with new_bucket(aws_server) as made:
        yield made


@pytest.fixture
def bucket_world(world: World, bucket: Bucket) -> World:
    """A stack whose backend is the bucket; what does not answer is asked twice."""
    store = open_bucket("the test", bucket.url, read_seconds=4, attempts=2)
    world.options = replace(world.options, backend=Backend(store))
    return world
