"""`stack change-secrets-provider`: another passphrase, and no secret lost on the way."""

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_verbs import PLUGINS, _official, folder

__all__ = ["folder"]
ROOT = Path(__file__).parents[2]
CIPHERTEXT = re.compile(r"v1:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")
OLD, NEW = "correct horse", "battery staple"


@pytest.fixture
def engine(datahall: Run, folder: Path) -> Run:
    """A verb of the engine on a stack with secrets in its state and in its configuration."""

    def run(*arguments: str) -> Ran:
        plugins = ("--plugin-path", str(PLUGINS)) if arguments[0] in ("preview", "up") else ()
        return datahall("engine", *arguments, *plugins, "-C", str(folder))

    assert run("stack", "init", "dev", "--secrets-provider", "passphrase").code == 0
    file = folder / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "# by hand\nconfig:\n  proj:plain: a # why\n")
    assert run("config", "set", "--secret", "--path", "deep[0].word", "hunter5").code == 0
    assert run("up", "-y", "-f").code == 0
    return run


def change(engine: Run, monkeypatch: pytest.MonkeyPatch, stdin: str, provider: str = "passphrase") -> Ran:
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    return engine("stack", "change-secrets-provider", provider)


def test_all_secrets_get_the_new_key(engine: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "Pulumi.dev.yaml"
    before = {*CIPHERTEXT.findall(file.read_text() + engine("stack", "export").out)}
    done = change(engine, monkeypatch, f"{NEW}\n")
    assert done.code == 0, done.err
    assert NEW not in done.out + done.err
    after = {*CIPHERTEXT.findall(file.read_text() + engine("stack", "export").out)}
    assert len(after) == len(before)
    assert not after & before
    assert "# by hand\n" in file.read_text()
    assert "plain: a # why\n" in file.read_text()

    refused = engine("preview")
    assert (refused.code, "passphrase" in refused.err) == (2, True)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", NEW)
    same = engine("preview", "--expect-no-changes")
    assert same.code == 0, same.err
    assert engine("stack", "output", "password", "--show-secrets").out == "hunter2\n"
    assert engine("config", "get", "--path", "deep[0].word", "--show-secrets").out == "hunter5\n"
    if shutil.which("pulumi"):
        assert _official(folder, "stack", "output", "password", "--show-secrets", "-s", "dev") == "hunter2\n"
        assert "hunter5" in _official(folder, "config", "get", "deep", "-s", "dev")


def test_the_same_passphrase_gives_another_key(engine: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {*CIPHERTEXT.findall(engine("stack", "export").out)}
    assert change(engine, monkeypatch, f"{OLD}\n").code == 0
    text = engine("stack", "export", "--show-secrets").out
    assert "hunter2" in text
    assert not before & {*CIPHERTEXT.findall(text)}


def test_what_is_refused_changes_nothing(engine: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "Pulumi.dev.yaml").read_text(), engine("stack", "export").out
    for given, stdin, present, part in (
        ("awskms://alias/a?region=eu-west-1", NEW, OLD, "awskms: only `passphrase`"),
        ("default", NEW, OLD, "default: only `passphrase`"),
        ("nonsense", NEW, OLD, "none of that name"),
        ("passphrase", "", OLD, "stdin's first line"),
        ("passphrase", NEW, "wrong", "neither the present one nor the new one"),
    ):
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", present)
        refused = change(engine, monkeypatch, stdin, given)
        assert (refused.code, part in refused.err) == (2, True), refused.err
        assert before == ((folder / "Pulumi.dev.yaml").read_text(), engine("stack", "export").out)


def test_a_change_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    program = "import sys; from tests.cli.passphrase_kills import live; live(sys.argv[1])"
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20  # moments
