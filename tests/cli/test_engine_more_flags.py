"""Flags and verbs of the official CLI that change what is shown, marked or asked."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_state import stack, state, state_file
from tests.cli.test_engine_verbs import PLUGINS, folder, things

__all__ = ["folder", "stack"]

FIRST = "urn:pulumi:dev::proj::cloud:index:Thing::first"


def operate(datahall: Run, stack: Path, verb: str, *flags: str) -> Ran:
    done = datahall("engine", verb, *flags, "--plugin-path", str(PLUGINS), "-C", str(stack))
    assert done.code == 0, done.err
    return done


def urns(stack: Path) -> list[str]:
    found = json.loads(state_file(stack).read_text())["checkpoint"]["latest"].get("resources") or []
    return [each["urn"] for each in found]


def test_what_is_tainted_is_replaced_unless_untainted(datahall: Run, stack: Path) -> None:
    assert state(datahall, stack, "taint", FIRST, "-y").out == f"tainted {FIRST}\n"
    assert f"{FIRST}  (taint)" in state(datahall, stack, "list").out
    assert state(datahall, stack, "untaint", "--all", "-y").out == f"untainted {FIRST}\n"
    assert not operate(datahall, stack, "preview", "--json").json["changed"]
    assert state(datahall, stack, "taint", FIRST, "-y").code == 0
    assert operate(datahall, stack, "preview", "--json").json["changes"]["replace"] == 1
    assert state(datahall, stack, "untaint", FIRST, "-y").code == 0
    assert state(datahall, stack, "untaint", "-y").code == 2


def test_delete_all_forgets_all_but_what_is_protected(datahall: Run, stack: Path) -> None:
    assert state(datahall, stack, "protect", FIRST, "-y").code == 0
    refused = state(datahall, stack, "delete", "--all", "-y")
    assert refused.code == 2
    assert f"urn: {FIRST}: protected" in refused.err
    assert FIRST in urns(stack)
    assert state(datahall, stack, "delete", "--all", FIRST, "-y").code == 2
    assert state(datahall, stack, "delete", "--all", "--force", "-y").code == 0
    assert urns(stack) == []
    assert things(stack) == 2


def test_what_stays_is_shown_if_asked_for(datahall: Run, stack: Path) -> None:
    line = "  unchanged  cloud:index:Thing  first"
    assert line not in operate(datahall, stack, "preview").out
    for verb, yes in (("preview", ()), ("up", ("-y", "-f")), ("refresh", ("-y", "-f"))):
        assert line in operate(datahall, stack, verb, *yes, "--show-sames").out


def test_what_is_read_is_shown_if_asked_for(datahall: Run, stack: Path) -> None:
    id_ = json.loads(state(datahall, stack, "show", FIRST, "--json").out)[0]["id"]
    with (stack / "__main__.py").open("a") as file:
        file.write(
            f'\nclass Read(pulumi.CustomResource):\n    pass\n\n\nRead("cloud:index:Thing", "it", '
            f'{{}}, pulumi.ResourceOptions(id="{id_}", version="1.2.3"))\n'
        )
    line = "  read  cloud:index:Thing  it"
    assert line not in operate(datahall, stack, "preview").out
    assert line in operate(datahall, stack, "preview", "--show-reads").out


def test_outputs_are_shown_hidden_or_in_the_clear(datahall: Run, stack: Path) -> None:
    with (stack / "__main__.py").open("a") as file:
        file.write(
            "\npulumi.export('password', pulumi.Output.secret('hunter2'))\npulumi.export('note', \"it's\")\n"
        )
    assert "password: [secret]" in operate(datahall, stack, "up", "-y", "-f").out
    assert "password: hunter2" in operate(datahall, stack, "up", "-y", "-f", "--show-secrets").out
    quiet = operate(datahall, stack, "refresh", "-y", "-f", "--suppress-outputs")
    assert "note" not in quiet.out
    told = datahall("engine", "stack", "output", "--shell", "-C", str(stack)).out
    shown = subprocess.run(
        ["sh", "-c", f'{told}printf "%s|%s" "$note" "$password"'], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "it's|[secret]"
    refused = datahall("engine", "stack", "output", "--shell", "--json", "-C", str(stack))
    assert refused.code == 2


def test_an_output_that_no_shell_can_name_is_refused(datahall: Run, stack: Path) -> None:
    with (stack / "__main__.py").open("a") as file:
        file.write("\npulumi.export('a;b', 1)\n")
    operate(datahall, stack, "up", "-y", "-f")
    refused = datahall("engine", "stack", "output", "--shell", "-C", str(stack))
    assert refused.code == 2
    assert "output: a;b: is no name of a shell's variable" in refused.err


def test_destroy_without_a_list_needs_yes_and_sets_values_first(datahall: Run, stack: Path) -> None:
    plugins = ("--plugin-path", str(PLUGINS), "-C", str(stack))
    for more in ((), ("-y", "--preview-only")):
        assert datahall("engine", "destroy", "--skip-preview", *more, *plugins).code == 2
    assert things(stack) == 2
    operate(datahall, stack, "refresh", "-y", "-f", "-c", "town=Ghent")
    assert "proj:town: Ghent" in (stack / "Pulumi.dev.yaml").read_text()
    operate(datahall, stack, "destroy", "-f", "-y", "-c", "a.b=Bruges", "--config-path", "--suppress-outputs")
    assert "b: Bruges" in (stack / "Pulumi.dev.yaml").read_text()
    assert things(stack) == 0


def test_the_history_has_secrets_only_if_they_are_asked_for(datahall: Run, stack: Path) -> None:
    at = ("-C", str(stack))
    assert datahall("engine", "config", "set", "word", "hush", "--secret", *at).code == 0
    operate(datahall, stack, "up", "-y", "-f")
    newest = ("stack", "history", "--page-size", "1", "--full-dates")
    hidden = datahall("engine", *newest, "--json", *at)
    assert json.loads(hidden.out)[0]["config"]["proj:word"] == {"secret": True}
    shown = datahall("engine", *newest, "--json", "--show-secrets", *at)
    assert json.loads(shown.out)[0]["config"]["proj:word"] == {"value": "hush", "secret": True}
    assert "hush" not in datahall("engine", *newest, *at).out


@pytest.mark.parametrize("flags", [(), ("--plaintext",)])
def test_a_value_is_plain_unless_it_is_to_be_secret(
    datahall: Run, folder: Path, flags: tuple[str, ...]
) -> None:
    at = ("-C", str(folder))
    assert datahall("engine", "stack", "init", "dev", "--no-select", "-y", *at).code == 0
    assert datahall("engine", "config", "set", "a", "1", *flags, *at).code == 0
    assert datahall("engine", "config", "get", "a", *at).out == "1\n"
    assert datahall("engine", "config", "set", "a", "1", "--plaintext", "--secret", *at).code == 2
