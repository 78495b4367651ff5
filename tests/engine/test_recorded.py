"""States that the official CLI wrote (see recorded/README.md): read, found unchanged, continued.

`test_interchange.py` does the same with the CLI itself, where there is one.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datahall import engine
from datahall.engine import BrokenState, Op, StackLocked
from datahall.engine.secrets import Crypter
from datahall.engine.stack_options import stack_files
from datahall.engine.state import decode_state, encode_state
from datahall.engine.values import SECRET_SIGNATURE, SIGNATURE

from .conftest import PASSPHRASE, World

RECORDED = Path(__file__).parent / "recorded"
WHOLE = ("secrets", "hooks", "compressed")
PLACES = {"sourcePosition", "stackTrace"}  # of the program's files, here and there
KILLED = ("creating", "replacing")
BY = "by-pulumi-3.260.0"


class Recorded:
    """A recorded stack, laid out for the engine."""

    def __init__(self, world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.name = world, name
        shutil.copytree(RECORDED / name / "state", world.backend)
        for file in (RECORDED / name / "cloud").iterdir():
            shutil.copy(file, world.cloud)
        shutil.copy(RECORDED / name / "Pulumi.dev.yaml", world.folder)
        world.options = replace(world.options, config=None)
        monkeypatch.setenv("SIZE", "2" if len(list(self.history())) < 2 and name != "replacing" else "3")
        [self.file] = (world.backend / ".pulumi" / "stacks" / "proj").glob("dev.json*")
        self.raw = self.file.read_bytes()
        self.data: dict[str, Any] = json.loads(unzipped(self.raw))
        self.latest = self.data["checkpoint"]["latest"]
        self.crypter = Crypter(PASSPHRASE, self.latest["secrets_providers"]["state"]["salt"])
        self.resources: list[dict[str, Any]] = self.latest["resources"]

    def history(self) -> list[Path]:
        return list((self.world.backend / ".pulumi" / "history" / "proj" / "dev").glob("*.history.json*"))

    def program(self) -> None:
        """The program that the CLI ran."""
        source = (
            (RECORDED / self.name / "program.py")
            .read_text()
            .replace("from engine.programs", "from tests.engine.programs")
        )
        exec(compile(source, "program.py", "exec"), {})  # noqa: S102 - our own

    def revealed(self, data: Any) -> Any:  # noqa: ANN401 - JSON
        """With secrets in the clear: each encryption of the same text is another."""
        if isinstance(data, list):
            return [self.revealed(item) for item in data]
        if not isinstance(data, dict):
            return data
        if data.get(SIGNATURE) == SECRET_SIGNATURE:
            return {"secret": json.loads(self.crypter.decrypt(data["ciphertext"]))}
        return {key: self.revealed(item) for key, item in data.items()}


def by_urn(stack: Recorded, resources: list[dict[str, Any]]) -> dict[str, Any]:
    revealed = [stack.revealed(data) for data in resources]
    return {data["urn"]: {key: data[key] for key in data.keys() - PLACES} for data in revealed}


def unzipped(raw: bytes) -> bytes:
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


Open = Callable[[str], Recorded]


@pytest.fixture
def recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> Open:
    return lambda name: Recorded(world, name, monkeypatch)


@pytest.mark.parametrize("name", WHOLE, ids=lambda name: f"{name}-{BY}")
def test_it_is_found_unchanged_and_left_as_it_is(recorded: Open, name: str) -> None:
    stack = recorded(name)
    assert not stack.world.preview(stack.program).changed
    assert stack.file.read_bytes() == stack.raw
    assert not stack.world.up(stack.program).changed
    after = stack.world.recorded()
    assert (after.version, after.features) == (stack.data["version"], stack.data.get("features", []))
    assert by_urn(stack, after.resources) == by_urn(stack, stack.resources)


@pytest.mark.parametrize("name", [*WHOLE, *KILLED], ids=lambda name: f"{name}-{BY}")
def test_each_field_survives_reading_and_writing(recorded: Open, name: str) -> None:
    stack = recorded(name)
    pending = [operation["resource"] for operation in stack.latest.get("pending_operations", ())]
    for data in [*stack.resources, *pending]:
        again = encode_state(decode_state(data, stack.crypter.decrypt), stack.crypter.encrypt)
        assert stack.revealed(json.loads(json.dumps(again))) == stack.revealed(data)


@pytest.mark.parametrize("name", WHOLE, ids=lambda name: f"{name}-{BY}")
def test_it_is_exported_as_it_stands(recorded: Open, name: str) -> None:
    stack = recorded(name)
    exported = engine.export_stack(stack.world.project, "dev", stack.world.options)
    assert exported.pop("deployment") == stack.latest
    assert exported == {key: stack.data[key] for key in ("version", "features") if key in stack.data}


def test_an_update_writes_the_rest_as_it_was(recorded: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = recorded("secrets")
    monkeypatch.setenv("SIZE", "4")
    assert stack.world.up(stack.program).summary[Op.UPDATE] == 2
    after = json.loads(stack.file.read_bytes())
    assert after["checkpoint"]["stack"] == stack.data["checkpoint"]["stack"]
    latest = after["checkpoint"]["latest"]
    assert latest.keys() - {"metadata"} == stack.latest.keys() - {"metadata"}
    assert latest["secrets_providers"] == stack.latest["secrets_providers"]
    before, now = by_urn(stack, stack.resources), by_urn(stack, latest["resources"])
    assert before.keys() == now.keys()
    for urn, was in before.items():
        changed = {key for key in was.keys() | now[urn].keys() if was.get(key) != now[urn].get(key)}
        updated = urn.rpartition("::")[2] in ("first", "second")
        assert changed == ({"inputs", "outputs", "modified"} if updated else set())


def test_secrets_open_with_the_passphrase(recorded: Open) -> None:
    assert recorded("secrets").world.outputs() == {"area": 9, "password": "hunter2", "token": "hunter3"}


@pytest.mark.parametrize("name", KILLED, ids=lambda name: f"{name}-{BY}")
def test_what_was_interrupted_is_settled_once_its_lock_is_taken_away(recorded: Open, name: str) -> None:
    stack = recorded(name)
    world = stack.world
    assert stack.latest["pending_operations"]
    with pytest.raises(StackLocked, match=r"ann@elsewhere \(pid \d+, since 20"):
        world.up(stack.program)
    assert stack.file.read_bytes() == stack.raw
    assert len(engine.cancel_stack(world.project, "dev", world.options)) == 1
    world.up(stack.program)
    found = world.recorded()
    assert found.pending == []
    things = [data for data in found.resources if data["type"] == "cloud:index:Thing"]
    assert not any(data.get("delete") for data in things)
    assert sorted(data["id"] for data in things) == sorted(file.stem for file in world.cloud.glob("*.thing"))
    assert not world.preview(stack.program).changed


def test_its_history_is_told_and_added_to(recorded: Open) -> None:
    stack = recorded("secrets")
    world = stack.world
    told = engine.stack_history(world.project, "dev", world.options)
    assert [(r["kind"], r["result"], r["resourceChanges"]) for r in told] == [
        ("update", "succeeded", {"same": 7, "update": 2}),
        ("update", "succeeded", {"create": 9}),
    ]
    world.destroy(exclude_protected=True)
    ours, theirs = engine.stack_history(world.project, "dev", world.options)[:2]
    assert ours.keys() == theirs.keys()
    assert ours["config"] == theirs["config"]


def test_its_own_backups_are_a_way_back(recorded: Open) -> None:
    stack = recorded("hooks")
    copy = next((stack.world.backend / ".pulumi" / "history").rglob("*.checkpoint.json"))
    copy.write_text("{")
    stack.file.write_text("{")
    with pytest.raises(BrokenState, match=r"cp '.*/\.pulumi/backups/proj/dev/dev\.\d+\.json' '.*/dev\.json'"):
        stack.world.up(stack.program)


def test_a_lock_of_ours_has_what_theirs_has(recorded: Open, world: World) -> None:
    stack = recorded("creating")
    [theirs] = (world.backend / ".pulumi" / "locks").rglob("*.json")
    fields = json.loads(theirs.read_text()).keys()
    engine.cancel_stack(world.project, "dev", world.options)
    files = stack_files(world.project, "dev", world.options)
    seen: list[dict[str, Any]] = []

    def program() -> None:
        [name] = files.store.names(files.locks)
        seen.append(json.loads(files.store.read(f"{files.locks}/{name}") or b""))
        stack.program()

    world.up(program)
    assert seen[0].keys() == fields | {"started"}
    assert {key: type(value) for key, value in seen[0].items() if key in fields} == {
        "pid": int,
        "username": str,
        "hostname": str,
        "timestamp": str,
    }
