"""`datahall engine`: the official CLI's verbs on any project, against real files and a real plugin."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from datahall.commands.engine._control import seconds
from datahall.errors import UserError
from tests.cli.running import Ran, Run

TESTS = Path(__file__).resolve().parents[1]
PLUGINS = TESTS / "engine" / "plugins"
PROGRAM = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import pulumi
from engine.programs import Thing

print("printed by the program")
thing = Thing("first", size=2, password=pulumi.Output.secret("hunter2"))
pulumi.export("area", thing.area)
pulumi.export("password", thing.password)
"""


@pytest.fixture
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing of ours, and an empty backend."""
    assert not home.exists()
    project, backend = tmp_path / "any", tmp_path / "backend"
    project.mkdir()
    backend.mkdir()
    (project / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{backend}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
    monkeypatch.setenv("CLOUD_FOLDER", str(tmp_path / "cloud"))
    monkeypatch.setenv("DATAHALL_PYTHON", sys.executable)
    return project


def process(folder: Path, *arguments: str) -> Ran:
    command = [sys.executable, "-c", "from datahall.cli import main; main()", "engine", *arguments]
    done = subprocess.run(
        [*command, "-C", str(folder)],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _official(folder: Path, *arguments: str) -> str:
    home = {"HOME": str(folder.parent), "PULUMI_HOME": str(folder.parent / "pulumi")}
    return subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=folder,
        env={**os.environ, **home, "PULUMI_SKIP_UPDATE_CHECK": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def things(folder: Path) -> int:
    return len(list((folder.parent / "cloud").glob("*.thing")))


def test_a_stack_from_init_to_rm(folder: Path) -> None:
    plugins = ("--plugin-path", str(PLUGINS))
    assert process(folder, "stack", "init", "dev").code == 0
    assert "encryptionsalt: v1:" in (folder / "Pulumi.dev.yaml").read_text()

    refused = process(folder, "up", *plugins)
    assert (refused.code, things(folder)) == (2, 0)
    assert "--yes: missing" in refused.err

    done = process(folder, "up", "--yes", "--json", *plugins)
    assert done.code == 0, done.err
    assert done.changes == {"create": 2}
    outputs = process(folder, "stack", "output", "--json").json
    assert outputs == {"area": 4, "password": "[secret]"}
    assert "printed by the program" in done.err
    assert things(folder) == 1
    assert process(folder, "preview", "--expect-no-changes", *plugins).code == 0

    listed = process(folder, "destroy", "--preview-only", *plugins)
    assert (listed.code, things(folder)) == (0, 1)
    assert "cloud:index:Thing  first" in listed.out
    told = process(folder, "destroy", "--preview-only", "--json")
    assert told.json == {"stack": "dev", "changes": {"delete": 3}, "changed": True}
    gone = process(folder, "destroy", "-s", "dev", "--yes", "--remove", *plugins)
    assert gone.code == 0, gone.err
    assert things(folder) == 0
    assert not (folder / "Pulumi.dev.yaml").exists()
    assert json.loads(process(folder, "stack", "ls", "--json").out) == []


def test_targets_and_a_message(folder: Path) -> None:
    plugins = ("--plugin-path", str(PLUGINS))
    assert process(folder, "stack", "init", "dev").code == 0
    nowhere = process(folder, "preview", *plugins, "-t", "urn:pulumi:dev::proj::cloud:index:Thing::nowhere")
    assert nowhere.code == 2
    assert "nowhere: not found in the stack" in nowhere.err
    done = process(folder, "up", "-y", *plugins, "-t", "**first", "-m", "the first", "--suppress-outputs")
    assert done.code == 0, done.err
    assert "area" not in done.out
    assert json.loads(process(folder, "stack", "history", "--json").out)[0]["message"] == "the first"
    again = process(folder, "up", "-y", "--json", *plugins, "--target-replace", "**first")
    assert again.changes == {"replace": 1, "same": 1}
    mixed = process(folder, "destroy", "-y", *plugins, "--target", "**first", "--exclude", "**stack")
    assert (mixed.code, things(folder)) == (2, 1)
    assert process(folder, "destroy", "-y", *plugins, "--target", "**first").code == 0
    assert things(folder) == 0


def test_continue_on_error(folder: Path) -> None:
    plugins = ("--plugin-path", str(PLUGINS))
    (folder / "__main__.py").write_text(
        PROGRAM + 'bad = Thing("bad", refuse="create")\nThing("after", note=bad.serial)\n'
        'Thing("slow", hold="create")\n'
    )
    assert process(folder, "stack", "init", "dev").code == 0
    failed = process(folder, "up", "-y", "-f", *plugins, "--continue-on-error", "--provider-timeout", "3s")
    assert (failed.code, things(folder)) == (1, 1)
    assert "passed over" in failed.out + failed.err
    assert "the cloud refuses to create" in failed.out + failed.err
    assert "::slow: provider cloud did not answer Create within 3s" in failed.out + failed.err


def test_a_provider_timeout_is_a_duration() -> None:
    assert (seconds("90s"), seconds("0"), seconds(None)) == (90, 0, None)
    with pytest.raises(UserError, match="--provider-timeout: soon: must be a duration like 90s"):
        seconds("soon")


def test_a_refresh_before(folder: Path) -> None:
    plugins = ("--plugin-path", str(PLUGINS))
    assert process(folder, "stack", "init", "dev").code == 0
    assert process(folder, "up", "-y", "-f", *plugins).code == 0
    for thing in (folder.parent / "cloud").glob("*.thing"):
        thing.unlink()
    assert process(folder, "preview", "--json", *plugins).json["changes"] == {"same": 2}
    shown = process(folder, "preview", "--json", "--refresh", *plugins)
    assert (shown.json["changes"], things(folder)) == ({"create": 1, "same": 1}, 0)
    again = process(folder, "up", "-y", "-f", "-r", "--json", *plugins)
    assert (again.changes, things(folder)) == ({"create": 1, "same": 1}, 1)
    assert process(folder, "destroy", "-y", "--refresh", *plugins).code == 0
    assert things(folder) == 0


@pytest.mark.skipif(not shutil.which("pulumi"), reason="no official pulumi on PATH")
def test_the_official_cli_sees_the_same(folder: Path) -> None:
    assert process(folder, "stack", "init", "dev").code == 0
    assert process(folder, "up", "-y", "-f", "--plugin-path", str(PLUGINS)).code == 0

    listed = json.loads(_official(folder, "stack", "ls", "--json"))
    ours = json.loads(process(folder, "stack", "ls", "--json").out)
    assert [(s["name"], s["resourceCount"]) for s in listed] == [
        (s["name"], s["resourceCount"]) for s in ours
    ]
    arguments = ("stack", "export", "-s", "dev", "--show-secrets")
    keys = ("urn", "type", "id", "parent", "provider", "inputs", "outputs")
    theirs, own = (
        [{key: resource.get(key) for key in keys} for resource in json.loads(text)["deployment"]["resources"]]
        for text in (_official(folder, *arguments), process(folder, *arguments).out)
    )
    assert theirs == own


def test_secrets_are_shown_only_when_asked_for(datahall: Run, folder: Path) -> None:
    at = ("-C", str(folder))
    assert datahall("engine", "stack", "init", "dev", *at).code == 0
    done = datahall("engine", "up", "-y", "-f", "--plugin-path", str(PLUGINS), *at)
    assert done.code == 0, done.err
    assert "password: [secret]" in done.out

    told = [datahall("engine", "stack", verb, *at) for verb in ("output", "export", "history")]
    assert all(each.code == 0 for each in told)
    assert not any("hunter2" in each.out + each.err for each in [done, *told])
    assert datahall("engine", "stack", "output", "password", "--show-secrets", *at).out == "hunter2\n"
    assert r'"plaintext": "\"hunter2\""' in datahall("engine", "stack", "export", "--show-secrets", *at).out
    assert [r["kind"] for r in json.loads(datahall("engine", "stack", "history", "--json", *at).out)] == [
        "update"
    ]

    kept = datahall("engine", "stack", "rm", "dev", "--yes", *at)
    assert kept.code == 2
    assert "still has 3 resources" in kept.err
    assert datahall("engine", "stack", "rm", "dev", "--yes", "--force", "--preserve-config", *at).code == 0
    assert (folder / "Pulumi.dev.yaml").exists()


def test_configuration_is_set_got_and_removed(
    datahall: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def config(verb: str, *arguments: str) -> Ran:
        return datahall("engine", "config", verb, *arguments, "-C", str(folder))

    assert datahall("engine", "stack", "init", "dev", "-C", str(folder)).code == 0
    file = folder / "Pulumi.dev.yaml"
    file.write_text(
        file.read_text() + "# mine\nconfig:\n  # the size\n  proj:size: 3\n  cloud:region: here\n# end\n"
    )
    for arguments in (["size", "4"], ["--path", "a.b[0]", "1"], ["--path", "a.c", "true"], ["text", "07"]):
        done = config("set", *arguments)
        assert done.code == 0, done.err
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    assert config("set", "--secret", "--path", "a.key").code == 0

    text = file.read_text()
    assert all(line in text for line in ("# mine", "  # the size", "  cloud:region: here", "# end"))
    assert "hunter2" not in text
    assert config("get", "a", "--json").json["objectValue"] == {"b": [1], "c": True, "key": "[secret]"}
    assert config("get", "--path", "a.key").out == "[secret]\n"
    assert config("get", "--path", "a.key", "--show-secrets").out == "hunter2\n"
    assert (config("get", "size").out, config("get", "text").out) == ("4\n", "07\n")
    if shutil.which("pulumi"):
        assert _official(folder, "config", "get", "-s", "dev", "--path", "a.key").strip() == "hunter2"
        assert _official(folder, "config", "get", "-s", "dev", "size").strip() == "4"

    assert config("rm", "--path", "a.b").code == 0
    assert config("get", "--path", "a.b").code == 2
    assert config("rm", "cloud:region").code == 0
    assert "region" not in file.read_text()
    beyond = config("set", "--path", "list[2]", "x")
    assert beyond.code == 2
    assert "beyond a list's end" in beyond.err


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("gs://user:pass@bucket?key=1", ["PULUMI_BACKEND_URL", "gs://bucket", "only file://"]),
        ("s3://user:pass@bucket?region=x", ["PULUMI_BACKEND_URL", "s3://bucket", "AWS_PROFILE"]),
        ("", ["PULUMI_BACKEND_URL", "missing", "file://FOLDER"]),
        ("file:///no/such/folder", ["PULUMI_BACKEND_URL", "no such folder", "mkdir -p"]),
    ],
)
def test_other_backends_are_refused_by_name(
    folder: Path, datahall: Run, monkeypatch: pytest.MonkeyPatch, url: str, parts: list[str]
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    told = datahall("engine", "stack", "ls", "-C", str(folder))
    assert told.code == 2
    assert all(part in told.err for part in parts), told.err
    assert "pass@" not in told.err


def test_which_stack_is_meant_is_clear_or_asked(folder: Path, datahall: Run) -> None:
    at = ("-C", str(folder))
    assert "datahall engine stack init" in datahall("engine", "preview", *at).err
    assert datahall("engine", "stack", "init", "dev", *at).code == 0
    assert "exists already" in datahall("engine", "stack", "init", "dev", *at).err
    assert datahall("engine", "stack", "init", "two", *at).code == 0
    several = datahall("engine", "stack", "output", *at)
    assert several.code == 2
    assert "dev, two" in several.err
    unknown = datahall("engine", "up", "-s", "three", *at)
    assert unknown.code == 2
    assert "no such stack" in unknown.err


def test_cancel_takes_away_the_lock_of_another_host(datahall: Run, folder: Path) -> None:
    at = ("-C", str(folder))
    assert datahall("engine", "stack", "init", "dev", *at).code == 0
    locks = folder.parent / "backend" / ".pulumi" / "locks" / "organization" / "proj" / "dev"
    lock = {"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"}
    (locks / "theirs.json").write_text(json.dumps(lock))
    refused = datahall("engine", "stack", "rm", "--yes", *at)
    assert refused.code == 2
    assert "locked by ann@elsewhere" in refused.err
    assert datahall("engine", "cancel", *at).code == 2
    assert "theirs.json" in datahall("engine", "cancel", "--yes", *at).out
    assert datahall("engine", "stack", "rm", "--yes", *at).code == 0


def test_the_help_starts_without_the_engine() -> None:
    code = "import sys; from datahall import cli; cli.run(['engine', 'up', '--help']); print([*sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(
        f"'{name}'" not in told.stdout.splitlines()[-1] for name in ("pulumi", "grpc", "datahall.engine")
    )
