"""Valid JSON that is no state: what does not fit together is named and never used."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datahall import engine
from datahall.engine import BrokenState, EngineError, Unsupported

from .buckets import Bucket
from .conftest import World
from .programs import House, Thing

STATE = ".pulumi/stacks/proj/dev.json"
Data = dict[str, Any]


def lively() -> None:
    first = Thing("first", password=pulumi.Output.secret("hunter2"), nested={"list": [1, {"a": None}]})
    Thing("second", size=first.area, opts=pulumi.ResourceOptions(deleted_with=first, depends_on=[first]))
    House("home")
    pulumi.export("area", first.area)


@dataclass(frozen=True)
class Kept:
    """A stack and its state's bytes, wherever they lie."""

    world: World
    read: Callable[[], bytes]
    write: Callable[[bytes], object]

    def data(self) -> Data:
        """The state, without its checksum: as if it had been edited by hand."""
        data: Data = json.loads(self.read())
        data.pop("sha256", None)
        return data


def in_folder(world: World) -> Kept:
    return Kept(world, world.state_file.read_bytes, world.state_file.write_bytes)


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, world: World) -> Kept:
    if request.param == "folder":
        made = in_folder(world)
    else:
        bucket: Bucket = request.getfixturevalue("bucket")
        world = request.getfixturevalue("bucket_world")
        made = Kept(world, lambda: bucket.read(STATE), lambda raw: bucket.write(STATE, raw))
    made.world.up(lively)
    return made


def latest(data: Data) -> Data:
    found: Data = data["checkpoint"]["latest"]
    return found


def named(data: Data, name: str) -> Data:
    found: Data = next(r for r in latest(data)["resources"] if r["urn"].endswith(f"::{name}"))
    return found


def drop(data: Data, name: str) -> None:
    latest(data)["resources"].remove(named(data, name))


def pending(*operations: Any) -> Callable[[Data], None]:  # noqa: ANN401 - JSON
    return lambda data: latest(data).update(pending_operations=list(operations))


DAMAGE: dict[str, tuple[Callable[[Data], object], str]] = {
    "reversed": (lambda d: latest(d)["resources"].reverse(), "does not stand before it"),
    "parent missing": (lambda d: drop(d, "home"), r"its parent .*::home does not stand before it"),
    "dependency missing": (lambda d: drop(d, "first"), r"::second: its .* does not stand before it"),
    "provider missing": (lambda d: drop(d, "default_1_2_3"), r"its provider .* does not stand before it"),
    "deletedWith missing": (
        lambda d: named(d, "second").update(deletedWith=named(d, "first")["urn"] + "x"),
        "its deletedWith .*firstx does not stand before it",
    ),
    "twice": (lambda d: latest(d)["resources"].append(dict(named(d, "first"))), "::first: recorded twice"),
    "itself its parent": (
        lambda d: named(d, "first").update(parent=named(d, "first")["urn"]),
        "its parent .*::first does not stand before it",
    ),
    "no urn": (lambda d: named(d, "first").pop("urn"), r"resource \d has no urn or no type"),
    "no type": (lambda d: named(d, "first").pop("type"), r"resource \d has no urn or no type"),
    "malformed urn": (lambda d: named(d, "first").update(urn="first"), r"resource \d has a malformed urn"),
    "a text": (lambda d: latest(d)["resources"].append("x"), r"resource \d has no urn or no type"),
    "a null": (lambda d: latest(d)["resources"].append(None), r"resource \d has no urn or no type"),
    "inputs of no kind": (lambda d: named(d, "first").update(inputs=[1]), "malformed"),
    "outputs of no kind": (lambda d: named(d, "first").update(outputs="x"), "malformed"),
    "id of no kind": (lambda d: named(d, "first").update(id=["x"]), "malformed"),
    "dependencies of no kind": (lambda d: named(d, "first").update(dependencies=7), "malformed"),
    "operation of no kind": (pending(7), "malformed"),
    "operation without resource": (pending({"type": "creating"}), "malformed"),
    "operation without type": (lambda d: pending({"resource": named(d, "first")})(d), "malformed"),
    "operation of an unknown type": (
        lambda d: pending({"resource": named(d, "first"), "type": "praising"})(d),
        "praising",
    ),
    "operation's resource": (pending({"resource": {"urn": "x"}, "type": "creating"}), "malformed"),
    "older": (lambda d: d.update(version=2), "version 2, but this engine reads versions 3 and 4"),
    "newer": (lambda d: d.update(version=5), "version 5, but this engine reads versions 3 and 4"),
    "version a text": (lambda d: d.update(version="3"), "it has no version"),
    "unknown feature": (lambda d: d.update(version=4, features=["warp", "hooks"]), "features warp, which"),
    "features of no kind": (lambda d: d.update(version=4, features={"hooks": 1}), "malformed"),
    "magic": (lambda d: latest(d)["manifest"].update(magic="x"), "magic does not match its version"),
    "no salt": (lambda d: latest(d)["secrets_providers"].pop("state"), "the secrets provider has no salt"),
    "latest of no kind": (lambda d: d["checkpoint"].update(latest=[]), "malformed"),
    "resources of no kind": (lambda d: latest(d).update(resources={"a": 1}), "malformed"),
}
IN_BUCKET = [DAMAGE[name] for name in ("twice", "newer", "operation of no kind")]


# One reader takes what either holds; the bucket's way to it needs few.
@pytest.mark.parametrize(
    ("kept", "damage", "words"),
    [("folder", *each) for each in DAMAGE.values()] + [("bucket", *each) for each in IN_BUCKET],
    indirect=["kept"],
    ids=[*DAMAGE, *(f"{name} in a bucket" for name in ("twice", "newer", "operation of no kind"))],
)
def test_what_does_not_fit_together_is_named_with_the_way_back(
    kept: Kept, damage: Callable[[Data], object], words: str
) -> None:
    world, data = kept.world, kept.data()
    damage(data)
    raw = json.dumps(data).encode()
    kept.write(raw)
    there = world.inventory()
    for act in (world.up, world.preview):
        with pytest.raises(BrokenState, match=words) as caught:
            act(lively)
        assert "/history/" in str(caught.value)  # the copy to take
    assert (kept.read(), world.inventory()) == (raw, there)


def test_another_secrets_provider_is_refused_by_name(kept: Kept) -> None:
    data = kept.data()
    latest(data)["secrets_providers"]["type"] = "cloud"
    kept.write(json.dumps(data).encode())
    with pytest.raises(Unsupported, match="secrets provider: cloud: only `passphrase`"):
        kept.world.up(lively)


def test_a_history_that_is_garbled_is_named_and_is_no_way_back(kept: Kept) -> None:
    world = kept.world
    files = world.files()
    [record] = [key for key in history(world) if key.endswith(".history.json")]
    files.store.write(record, b'{"kind": "upd')
    with pytest.raises(BrokenState, match=r"history: .*history\.json: not a record of an operation"):
        engine.stack_history(world.project, "dev", world.options)
    assert not world.up(lively).changed  # the state itself is good
    for key in [*history(world), f"{STATE}.bak"]:
        files.store.write(key, b"garbled")
    kept.write(b"garbled, too")
    with pytest.raises(BrokenState, match="none of those beside it is good"):
        world.up(lively)


def history(world: World) -> list[str]:
    folder = ".pulumi/history/proj/dev"
    return [f"{folder}/{name}" for name in world.files().store.names(folder)]


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2.5, "", "x", [], ["x"], {}, {"x": 1}, [[]], [None], {"urn": 7}]
)


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(draw=st.data())
def test_whatever_an_edit_did_it_is_a_state_or_named(world: World, draw: st.DataObject) -> None:
    if not world.state_file.exists():
        world.up(lively)
        world.state_file.with_suffix(".good").write_bytes(world.state_file.read_bytes())
    kept = in_folder(world)
    good = world.state_file.with_suffix(".good").read_bytes()
    world.state_file.write_bytes(good)
    data = copy.deepcopy(kept.data())
    first = named(data, "first")
    latest(data)["pending_operations"] = [{"resource": dict(first), "type": "updating"}]
    *way, last = draw.draw(st.sampled_from([place for place in places(data) if place]))
    holder = data
    for key in way:
        holder = holder[key]
    if draw.draw(st.booleans()):
        holder[last] = draw.draw(ODD)
    else:
        del holder[last]
    kept.write(json.dumps(data).encode())
    with suppress(EngineError):
        engine.read_stack(world.project, "dev", world.options, show_secrets=True)
        engine.list_stacks(world.project, world.options)
        engine.export_stack(world.project, "dev", world.options, show_secrets=True)
        world.preview(lively)
