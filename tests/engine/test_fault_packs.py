"""A policy pack that refuses, dies or answers nonsense at each of its calls.

The error names the pack; the state stays valid and true; the next update heals. One that hangs is in
test_interrupts.py.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datahall.engine import PolicyPackFailed

from .conftest import World
from .programs import Thing
from .validity import latest

ROOT = Path(__file__).parents[2]
CALLS = ("GetAnalyzerInfo", "Configure", "ConfigureStack", "Remediate", "Analyze", "AnalyzeStack")
MAIN = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.engine.pack_that_fails import main
main()
"""
SAID = {"refuse": "out of sorts", "die": "out of luck", "garbage": "deserializing", "nonsense": "99"}
FAULTS = [
    *((call, fault) for call in CALLS for fault in ("die", "garbage", "refuse")),
    *((call, "nonsense") for call in ("GetAnalyzerInfo", "Analyze", "AnalyzeStack")),
]
if "DATAHALL_FUZZ" not in os.environ:
    FAULTS = [each for each in FAULTS if each[1] in ("die", "nonsense") or each[0] == "Analyze"]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "failing"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(MAIN)
    return folder


def program() -> None:
    Thing("one")


@pytest.mark.parametrize(("call", "fault"), FAULTS)
def test_a_pack_that_fails(world: World, pack: Path, call: str, fault: str) -> None:
    environment = {**world.options.environment, "PACK_FAULT": f"{call} {fault}"}
    with pytest.raises(PolicyPackFailed) as caught:
        world.up(program, policy_packs=[pack], environment=environment)
    said = str(caught.value)
    assert said.startswith("policy pack failing: ")
    assert SAID[fault] in said
    assert "Traceback" not in said
    assert sorted(world.inventory()) == (["one"] if call == "AnalyzeStack" else [])
    assert "pending_operations" not in latest(world.state_file.read_bytes())
    world.up(program, policy_packs=[pack], environment={**environment, "PACK_FAULT": "none"})
    assert sorted(world.inventory()) == ["one"]


@pytest.mark.parametrize("call", ["Remediate", "Analyze"])
def test_a_pack_that_dies_in_a_preview(world: World, pack: Path, call: str) -> None:
    environment = {**world.options.environment, "PACK_FAULT": f"{call} die"}
    with pytest.raises(PolicyPackFailed, match="policy pack failing: "):
        world.preview(program, policy_packs=[pack], environment=environment)
    assert not world.state_file.exists()
