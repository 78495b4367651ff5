"""`datahall engine import`: what lies in the cloud becomes the stack's, by hand or by a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, TESTS, folder, things

__all__ = ["folder"]

HEAD = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import pulumi
from engine.programs import House, Provider, Thing

home = House("home")
mine = Provider("mine", "east")
"""
HOUSE = "urn:pulumi:dev::proj::test:index:House::home"
MINE = "urn:pulumi:dev::proj::pulumi:providers:cloud::mine"


@pytest.fixture
def engine(datahall: Run, folder: Path) -> Run:
    """A verb of the engine on a stack with a house, beside which two things lie in the cloud."""
    (folder / "__main__.py").write_text(HEAD)

    def run(*arguments: str) -> Ran:
        plugins = () if arguments[0] in ("stack", "state") else ("--plugin-path", str(PLUGINS))
        return datahall("engine", *arguments, *plugins, "-C", str(folder))

    assert run("stack", "init", "dev").code == 0
    assert run("up", "-y", "-f").code == 0
    for name, inputs in (("old", {"size": 3, "deep": {"list": [1, 2.5, {"a": True}]}}), ("other", {})):
        file = folder.parent / "cloud" / f"{name}-123456.thing"
        file.write_text(json.dumps({"urn": "by hand", "label": name, **inputs}))
    return run


def recorded(engine: Run, name: str) -> dict[str, Any]:
    deployment = json.loads(engine("stack", "export").out)["deployment"]
    [found] = [r for r in deployment["resources"] if r["urn"].endswith(f"::{name}")]
    assert isinstance(found, dict)
    return found


def test_one_is_imported_protected_and_its_code_is_the_programs(engine: Run, folder: Path) -> None:
    told = engine("import", "cloud:index:Thing", "old", "old-123456", "--yes", "--parent", f"home={HOUSE}")
    assert told.code == 0, told.err
    assert things(folder) == 4
    calls = (folder.parent / "cloud" / "calls.jsonl").read_text().splitlines()
    assert {json.loads(call)["method"] for call in calls if "::old" in call} == {"Read"}
    found = recorded(engine, "old")
    assert (found["id"], found["parent"], found["protect"]) == ("old-123456", HOUSE, True)
    assert found["inputs"] == {"label": "old", "size": 3, "deep": {"list": [1, 2.5, {"a": True}]}}
    assert found["outputs"]["area"] == 9
    assert "default_1_2_3" in found["provider"]  # the one that is there already
    assert json.loads(engine("stack", "history", "--json").out)[0]["kind"] == "resource-import"

    code = told.out[told.out.index("import pulumi\n") :]
    assert "House" not in code  # the parent is the program's already
    assert "# home: as in your program" in told.out
    (folder / "__main__.py").write_text(HEAD + code)
    same = engine("preview", "--expect-no-changes")
    assert same.code == 0, same.err
    (folder / "__main__.py").write_text(HEAD)
    gone = engine("up", "-y", "-f")
    assert gone.code == 2
    assert "protected" in gone.err


def test_only_the_named_properties_are_recorded(engine: Run) -> None:
    one = ("import", "cloud:index:Thing", "old", "old-123456", "--yes", "--json", "--properties")
    refused = engine(*one, "label,colour")
    assert (refused.code, "colour: not among the inputs" in refused.err) == (2, True), refused.err
    assert "old-123456" not in engine("stack", "export").out
    assert engine(*one, "label,size").code == 0
    assert recorded(engine, "old")["inputs"] == {"label": "old", "size": 3}


def test_many_are_imported_from_a_file(engine: Run, folder: Path) -> None:
    data = {
        "nameTable": {"mine": MINE},
        "resources": [
            {"type": "cloud:index:Thing", "name": "inner", "id": "other-123456", "parent": "block"},
            {"type": "test:index:House", "name": "block", "component": True},
            {
                "type": "cloud:index:Thing",
                "name": "the_old",
                "logicalName": "old",
                "id": "old-123456",
                "provider": "mine",
            },
        ],
    }
    (folder / "many.json").write_text(json.dumps(data))
    out = folder / "code.py"
    told = engine("import", "--file", str(folder / "many.json"), "-y", "--protect=false", "--out", str(out))
    assert told.code == 0, told.err
    assert recorded(engine, "inner")["parent"] == "urn:pulumi:dev::proj::test:index:House::block"
    assert "$cloud:index:Thing" in recorded(engine, "inner")["urn"]
    assert recorded(engine, "block")["custom"] is False
    assert recorded(engine, "old")["provider"].startswith(MINE)
    assert "protect" not in recorded(engine, "old")
    code = out.read_text()
    assert "the_old = pulumi.CustomResource(" in code
    assert "parent=block" in code
    (folder / "__main__.py").write_text(HEAD + code)
    same = engine("preview", "--expect-no-changes")
    assert same.code == 0, same.err
    again = engine("import", "--file", str(folder / "many.json"), "-y", "--json")
    assert (again.code, again.changes) == (0, {})


def test_a_new_stack_gets_its_root_and_a_provider(engine: Run) -> None:
    assert engine("stack", "init", "new").code == 0
    told = engine(
        "import", "cloud:index:Thing", "old", "old-123456", "-y", "-s", "new", "--generate-code=false"
    )
    assert told.code == 0, told.err
    assert "import pulumi" not in told.out
    resources = json.loads(engine("stack", "export", "-s", "new").out)["deployment"]["resources"]
    assert [r["type"] for r in resources] == [
        "pulumi:pulumi:Stack",
        "pulumi:providers:cloud",
        "cloud:index:Thing",
    ]


def test_a_preview_records_nothing(engine: Run) -> None:
    before = engine("stack", "export").out
    told = engine("import", "cloud:index:Thing", "old", "old-123456", "--preview-only", "--json")
    assert (told.code, told.json["changes"]) == (0, {"import": 1})
    assert engine("stack", "export").out == before


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["cloud:index:Thing", "x", "nowhere-123456"], 1, ["nowhere-123456", "no such resource"]),
        (["cloud:index:Thing", "home-base", "old-123456"], 0, []),
        (["cloud:index:Thing", "x"], 2, ["TYPE NAME ID"]),
        ([], 2, ["TYPE NAME ID"]),
        (["Thing", "x", "y"], 2, ["type", "'Thing'", "PACKAGE:MODULE:TYPE"]),
        (["pulumi:providers:cloud", "x", "y"], 2, ["a provider is not imported"]),
        (["cloud:index:Thing", "x", "y", "--parent", "nonsense"], 2, ["parent", "not a URN"]),
        (["cloud:index:Thing", "x", "y", "--parent", HOUSE + "s"], 2, ["not in the state"]),
        (["cloud:index:Thing", "x", "y", "--provider", HOUSE], 2, ["not a provider"]),
        (["other:index:Thing", "x", "y", "--provider", MINE], 2, ["of another package"]),
        (["cloud:index:Thing", "x", "y", "--parent", f"a={HOUSE}", "--provider", f"a={MINE}"], 2, ["both"]),
        (["--file", "nowhere.json"], 2, ["--file", "nowhere.json"]),
        (["cloud:index:Thing", "x", "y", "--file", "f"], 2, ["--file", "cannot be mixed"]),
        (["cloud:index:Thing", "x", "y", "--from", "terraform"], 2, ["--from", "is not an option"]),
    ],
)
def test_what_cannot_be_imported_is_refused(
    engine: Run, arguments: list[str], code: int, parts: list[str]
) -> None:
    before = engine("stack", "export").out
    told = engine("import", *arguments, "--yes")
    assert told.code == code, told.out + told.err
    assert all(part in told.err for part in parts), told.err
    assert "Traceback" not in told.err
    if code:
        assert engine("stack", "export").out == before


THING = '"type": "cloud:index:Thing", "name": "x"'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "no list `resources`"),
        ('{"resources": []}', "no resources"),
        ('{"resources": [1]}', "resource 1: an object"),
        ('{"resources": [{}]}', "resource 1: name"),
        (f'{{"resources": [{{{THING}}}]}}', "x: id: missing"),
        (f'{{"resources": [{{{THING}, "id": 1}}]}}', "x: id: 1: a text"),
        (f'{{"resources": [{{{THING}, "id": "1", "component": true}}]}}', "a component has none"),
        (f'{{"resources": [{{{THING}, "id": "1", "parent": "p"}}]}}', "parent p: neither"),
        (f'{{"resources": [{{{THING}, "id": "1", "parent": "x"}}]}}', "parent x: neither"),
        (f'{{"resources": [{{{THING}, "id": "1", "provider": "p"}}]}}', "provider p: not in nameTable"),
        (f'{{"resources": [{{{THING}, "id": "1", "inputs": {{"a": 1}}}}]}}', "inputs: not supported"),
        (f'{{"resources": [{{{THING}, "id": "1", "colour": "red"}}]}}', "colour: not a member"),
        (f'{{"resources": [{{{THING}, "id": "1"}}, {{{THING}, "id": "2"}}]}}', "given twice"),
        ('{"nameTable": {"p": "q"}, "resources": []}', "'q': not a URN"),
    ],
)
def test_files_that_say_nothing_clear_are_refused(engine: Run, folder: Path, content: str, told: str) -> None:
    (folder / "many.json").write_text(content)
    refused = engine("import", "-f", str(folder / "many.json"), "-y")
    assert refused.code == 2
    assert told in refused.err
    assert "Traceback" not in refused.err
