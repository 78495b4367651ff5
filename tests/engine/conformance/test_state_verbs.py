"""Verbs that edit the record, with the official CLI and with ours: the same record comes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .sides import Side, needs_official
from .step import Json, differences

pytestmark = needs_official
PROGRAM = """
if pulumi.get_stack() == "dev":
    east = Provider("mine", "east")
    first = Thing("first", size=2)
    home = House("home")
    inner = Thing("inner", password=pulumi.Output.secret("hunter2"), note=first.serial,
                  opts=Options(parent=home, provider=east))
    Thing("last", note=inner.serial, opts=Options(depends_on=[home]))
"""
HOME = "urn:pulumi:dev::proj::test:index:House::home"
MINE = "urn:pulumi:dev::proj::pulumi:providers:cloud::mine"
IMPORT = ("import", "cloud:index:Thing", "old", "old-123456", "-s", "dev", "--generate-code=false")


def shown(side: Side, stack: str) -> dict[str, Json]:
    """A record without what the official CLI drops (empty lists) or adds (a default provider's parent)."""
    found = side.state(stack)
    for resource in found.values():
        needed = resource.pop("propertyDependencies", {})
        resource["propertyDependencies"] = {key: urns for key, urns in needed.items() if urns}
        if "::default_" in resource["urn"]:
            resource.pop("parent", None)
    return found


@pytest.mark.parametrize(
    ("verb", "stacks"),
    [
        (("state", "move", HOME, "--source", "dev", "--dest", "prod", "--yes"), ("dev", "prod")),
        (("stack", "rename", "third", "-s", "dev"), ("third", "prod")),
        ((*IMPORT, "--yes", "--provider", f"mine={MINE}", "--parent", f"home={HOME}"), ("dev",)),
    ],
    ids=["move", "rename", "import"],
)
def test_the_record_is_the_same(verb: tuple[str, ...], stacks: tuple[str, ...], tmp_path: Path) -> None:
    seen: list[Json] = []
    for official in (True, False):
        side = Side(tmp_path / str(official), official=official)
        side.command("stack", "init", "prod")
        side.program(PROGRAM)
        assert side.step("up") == 0
        thing = {"urn": "by hand", "label": "old", "size": 3}
        (side.folder / "cloud" / "old-123456.thing").write_text(json.dumps(thing))
        code, said = side.command(*verb)
        assert code == 0, said
        seen.append({stack: shown(side, stack) for stack in stacks})
    if found := list(differences(verb[1], *seen)):
        pytest.fail("\n".join(found))
