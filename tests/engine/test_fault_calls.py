"""A provider that refuses, dies or answers with what is no message, at each of its calls.

The error says which provider and what; the state stays valid and true; the next update heals. That a call
which hangs is ended by an interrupt is in test_kills.py, for each call.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datahall.engine import PluginPool, ProviderFailed
from datahall.engine.calls import Calls
from datahall.engine.plugins import connect

from .conftest import World
from .kill_programs import after, before, plant
from .test_kills import is_whole
from .validity import latest

CALLS = (
    *("GetPluginInfo", "CheckConfig", "DiffConfig", "Configure", "Check", "Diff", "Create", "Update"),
    *("Delete", "Read", "Invoke", "Construct", "Call"),
)
SAYS = {
    "refuse": "the cloud refuses {}",
    "die": "provider cloud died during {}",
    "garbage": "provider cloud gave an invalid answer to {}",
}


@contextmanager
def faulty(cloud: Path, call: str, fault: str) -> Iterator[None]:
    """Each such call fails so; there was one."""
    orders, reached = cloud / "orders.json", cloud / "reached"
    reached.unlink(missing_ok=True)
    orders.write_text(json.dumps({"faults": {call: fault}}))
    try:
        yield
    finally:
        orders.unlink()
    assert reached.exists()


def fails(world: World, call: str, fault: str, pool: PluginPool | None = None) -> None:
    plant(world.cloud)
    world.up(before, pool=pool)
    with faulty(world.cloud, call, fault), pytest.raises(ProviderFailed) as caught:
        world.up(after, pool=pool, parallel=1)  # else a plugin that dies was in other calls, too
    said = str(caught.value)
    assert SAYS[fault].format(call) in said
    assert "Traceback" not in said
    state = latest(world.state_file.read_bytes())
    pending = [each["type"] for each in state.get("pending_operations", ())]
    unclear = call in ("Create", "Update", "Delete") and fault != "refuse"
    assert bool(pending) == unclear  # what is not known is kept
    if not pending:
        is_whole(world)
    world.up(after, pool=pool)
    is_whole(world)
    assert not world.preview(after, pool=pool).changed


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ["refuse", "garbage"])
def test_a_call_that_fails(world: World, call: str, fault: str) -> None:
    fails(world, call, fault)


@pytest.mark.parametrize(
    "call", CALLS if "DATAHALL_FUZZ" in os.environ else ["Create", "Delete", "Construct"]
)
def test_a_call_that_the_plugin_does_not_survive(own_world: World, call: str) -> None:
    with PluginPool() as pool:
        fails(own_world, call, "die", pool)


@pytest.mark.parametrize("call", ["Read", "Diff"])
@pytest.mark.parametrize("fault", ["refuse", "garbage"])
def test_a_refresh_whose_call_fails(world: World, call: str, fault: str) -> None:
    plant(world.cloud)
    world.up(before)
    world.tamper("base", size=9)
    recorded = world.checkpoint()["resources"]
    with faulty(world.cloud, call, fault), pytest.raises(ProviderFailed, match=SAYS[fault].format(call)):
        world.refresh()
    latest(world.state_file.read_bytes())
    assert len(world.checkpoint()["resources"]) == len(recorded)
    world.refresh()
    assert world.resources()["base"].inputs["size"] == 9


@pytest.mark.parametrize("fault", ["refuse", "garbage"])
def test_a_provider_that_cannot_be_asked_to_cancel_is_none_the_worse(world: World, fault: str) -> None:
    port = world.options.attach["cloud"]
    assert isinstance(port, int)
    with faulty(world.cloud, "Cancel", fault), connect(port) as channel:
        Calls("cloud", channel).cancel()
