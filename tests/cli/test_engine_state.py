"""`datahall engine refresh` and `state`: the record edited by real commands, against a real plugin."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, TESTS, _official, folder, things

__all__ = ["folder"]

PROGRAM = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import pulumi
from engine.programs import Thing

first = Thing("{{name}}", size=2, password=pulumi.Output.secret("hunter2"))
Thing("second", size=first.area, opts=pulumi.ResourceOptions(parent=first))
"""
PREFIX = "urn:pulumi:dev::proj::"


@pytest.fixture
def stack(folder: Path, datahall: Run) -> Path:
    """A project whose stack has a resource, and one that needs it."""
    (folder / "__main__.py").write_text(PROGRAM.format(name="first"))
    at = ("-C", str(folder))
    assert datahall("engine", "stack", "init", "dev", *at).code == 0
    done = datahall("engine", "up", "-y", "-f", "--plugin-path", str(PLUGINS), *at)
    assert done.code == 0, done.err
    return folder


def state_file(stack: Path) -> Path:
    return stack.parent / "backend" / ".pulumi" / "stacks" / "proj" / "dev.json"


def state(datahall: Run, stack: Path, verb: str, *arguments: str) -> Ran:
    return datahall("engine", "state", verb, *arguments, "-C", str(stack))


def listed(datahall: Run, stack: Path) -> dict[str, dict[str, Any]]:
    found = json.loads(state(datahall, stack, "list", "--json").out)
    return {each["urn"].rpartition("::")[2]: each for each in found}


def preview(datahall: Run, stack: Path) -> Ran:
    flags = ("--expect-no-changes", "--plugin-path", str(PLUGINS))
    return datahall("engine", "preview", *flags, "-C", str(stack))


def test_state_is_listed_and_shown_without_secrets(datahall: Run, stack: Path) -> None:
    urn = listed(datahall, stack)["first"]["urn"]
    assert urn in state(datahall, stack, "list").out
    for shown in (state(datahall, stack, "show", urn), state(datahall, stack, "show", urn, "--json")):
        assert shown.code == 0, shown.err
        assert "hunter2" not in shown.out
        assert "[secret]" in shown.out
    assert "hunter2" in state(datahall, stack, "show", urn, "--show-secrets").out


def test_a_renamed_resource_is_the_one_of_that_name(datahall: Run, stack: Path) -> None:
    before = state_file(stack).read_bytes()
    urn = listed(datahall, stack)["first"]["urn"]
    done = state(datahall, stack, "rename", urn, "other", "--yes")
    assert done.code == 0, done.err
    assert state_file(stack).with_name("dev.json.bak").read_bytes() == before
    (stack / "__main__.py").write_text(PROGRAM.format(name="other"))
    same = preview(datahall, stack)
    assert same.code == 0, same.err
    assert "hunter2" not in state_file(stack).read_text()


@pytest.mark.skipif(
    not (shutil.which("pulumi") and shutil.which("pulumi-language-python")),
    reason="no official pulumi with its Python language host on PATH",
)
def test_the_official_cli_takes_edits_and_gives_its_own(datahall: Run, stack: Path) -> None:
    urn = listed(datahall, stack)["first"]["urn"]
    assert state(datahall, stack, "rename", urn, "other", "--yes").code == 0
    (stack / "__main__.py").write_text(PROGRAM.format(name="other"))
    _official_preview(stack)
    new = listed(datahall, stack)["other"]["urn"]
    _official(stack, "state", "rename", new, "first", "-s", "dev", "--yes")
    (stack / "__main__.py").write_text(PROGRAM.format(name="first"))
    same = preview(datahall, stack)
    assert same.code == 0, same.err


def test_what_is_deleted_from_the_state_stays_in_the_world(datahall: Run, stack: Path) -> None:
    urn = listed(datahall, stack)["first"]["urn"]
    before = state_file(stack).read_bytes()
    refused = state(datahall, stack, "delete", urn, "--yes")
    assert refused.code == 2
    assert "second" in refused.err
    assert state(datahall, stack, "protect", urn, "--yes").code == 0
    protected = state(datahall, stack, "delete", urn, "--yes", "--target-dependents")
    assert (protected.code, "--force" in protected.err) == (2, True)
    assert state(datahall, stack, "unprotect", "--all", "--yes").code == 0
    assert json.loads(before)["checkpoint"]["latest"]["resources"] == _resources(stack)

    done = state(datahall, stack, "delete", urn, "--yes", "--target-dependents")
    assert done.code == 0, done.err
    assert not {"first", "second"} & listed(datahall, stack).keys()
    assert things(stack) == 2


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("rename", PREFIX + "a:b:C::no", "x", "--yes"), ["no such resource", "state list"]),
        (("rename", "first", "x", "--yes"), ["no such resource"]),
        (("delete", PREFIX + "a:b:C::no", "--yes"), ["no such resource"]),
        (("show", "nothing"), ["no such resource", "state list"]),
        (("protect", "--yes"), ["urn", "missing"]),
        (("unprotect", "a", "--all", "--yes"), ["--all", "give one of them"]),
        (("unprotect", "--all"), ["--yes: missing"]),
    ],
)
def test_bad_input_changes_nothing(
    datahall: Run, stack: Path, arguments: tuple[str, ...], parts: list[str]
) -> None:
    before = state_file(stack).read_bytes()
    told = state(datahall, stack, *arguments)
    assert told.code == 2
    assert all(part in told.err for part in parts), told.err
    assert "Traceback" not in told.err
    assert state_file(stack).read_bytes() == before


def test_a_taken_name_and_an_ambiguous_urn_are_refused(datahall: Run, stack: Path) -> None:
    found = listed(datahall, stack)
    urn = found["first"]["urn"]
    data = json.loads(state_file(stack).read_text())
    data.pop("sha256")
    resources = data["checkpoint"]["latest"]["resources"]
    resources.append({**next(r for r in resources if r["urn"] == urn), "delete": True})
    state_file(stack).write_text(json.dumps(data))
    ambiguous = state(datahall, stack, "delete", urn, "--yes", "--force", "--target-dependents")
    assert (ambiguous.code, "ambiguous" in ambiguous.err) == (2, True)
    data["checkpoint"]["latest"]["resources"] = resources[:-1]
    state_file(stack).write_text(json.dumps(data))
    root = next(each["urn"] for each in found.values() if each["type"] == "pulumi:pulumi:Stack")
    assert "is the stack itself" in state(datahall, stack, "rename", root, "x", "--yes").err
    same = state(datahall, stack, "rename", urn, "first", "--yes")
    assert (same.code, "taken" in same.err) == (2, True)


def test_an_edit_respects_the_lock(datahall: Run, stack: Path) -> None:
    locks = stack.parent / "backend" / ".pulumi" / "locks" / "organization" / "proj" / "dev"
    lock = {"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"}
    (locks / "theirs.json").write_text(json.dumps(lock))
    told = state(datahall, stack, "protect", "--all", "--yes")
    assert (told.code, "locked by ann@elsewhere" in told.err) == (2, True)


def test_refresh_records_what_is_gone(datahall: Run, stack: Path) -> None:
    def refresh(*flags: str) -> Ran:
        return datahall("engine", "refresh", "--plugin-path", str(PLUGINS), "-C", str(stack), *flags)

    assert refresh("--expect-no-changes", "--yes").code == 0
    for file in (stack.parent / "cloud").glob("*.thing"):
        file.unlink()
    before = state_file(stack).read_bytes()
    assert refresh("--expect-no-changes", "--yes").code == 1
    assert "--yes: missing" in refresh().err
    told = refresh("--preview-only", "--json")
    assert told.code == 0, told.err
    assert told.json["changes"]["delete"] == 2
    assert state_file(stack).read_bytes() == before
    assert refresh("--yes").code == 0
    assert not {"first", "second"} & listed(datahall, stack).keys()


def _resources(stack: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(state_file(stack).read_text())["checkpoint"]["latest"]["resources"]


def _official_preview(stack: Path) -> None:
    assert _official(stack, "stack", "export", "-s", "dev")
    home = {"HOME": str(stack.parent), "PULUMI_HOME": str(stack.parent / "pulumi")}
    folders = (str(PLUGINS), str(Path(sys.executable).parent), os.environ["PATH"])
    path = {"PATH": os.pathsep.join(folders), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    command = ["pulumi", "preview", "-s", "dev", "--expect-no-changes", "--non-interactive"]
    done = subprocess.run(
        command,
        cwd=stack,
        env={**os.environ, **home, **path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
