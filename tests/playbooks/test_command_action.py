"""`ansible.legacy.command` says what Ansible's own module says, by this machine's shell and by a playbook."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.plugins.action.command import command, result

_PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
_WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12), max_size=4)


def _run(argv: list[str], stdin: str | None = None) -> dict[str, Any]:
    done = subprocess.run(
        ["sh", "-c", command(argv, stdin is not None)],
        check=False, capture_output=True, text=True, input=stdin or "not for it",
    )  # fmt: skip
    return result({"stdout": done.stdout, "stderr": done.stderr, "rc": done.returncode})


@settings(deadline=None, max_examples=50)
@given(words=_WORDS, code=st.integers(0, 255))
def test_words_reach_the_program_as_they_are_and_its_code_comes_back(words: list[str], code: int) -> None:
    script = "import json, sys; print(json.dumps(sys.argv[2:])); sys.exit(int(sys.argv[1]))"
    said = _run([sys.executable, "-IS", "-c", script, str(code), *words])
    assert json.loads(said["stdout"]) == words
    assert (said["rc"], said["failed"]) == (code, code != 0)


def test_a_program_reads_what_it_is_given_and_else_nothing() -> None:
    assert _run(["cat"], '{"a": 1}')["stdout"] == '{"a": 1}'
    assert _run(["cat"])["stdout"] == ""


def test_a_shell_that_was_killed_after_a_number_has_not_told_a_code() -> None:
    said = result({"stdout": "1\n0", "stderr": "", "rc": 137})
    assert (said["rc"], said["failed"], said["stdout"]) == (137, True, "1\n0")


def test_a_shell_that_did_not_come_to_its_end_is_a_failure_with_what_it_said() -> None:
    said = result({"stdout": "half\nan answer", "stderr": "sudo: a password is required", "rc": 0})
    assert (said["rc"], said["failed"], said["stdout"]) == (1, True, "half\nan answer")
    assert said["stderr"] == "sudo: a password is required"


_TASKS = [
    {"argv": ["printf", "a\\nb\\n\\n"]},
    {"argv": ["sh", "-c", "echo out; echo err >&2; exit 3"]},
    {"argv": ["cat"], "stdin": "some text"},
    {"argv": ["sh", "-c", "exit 255"]},
    {"argv": ["printf", "%s.", "it's", "", 5, "a b"]},
    {"argv": ["cat"], "stdin": "no line end", "stdin_add_newline": False},
    {"cmd": "echo 'not for us'"},
    {"argv": ["echo", "made"], "creates": "/etc/passwd"},
]


@pytest.mark.parametrize("mode", [[], ["--check"]], ids=["run", "check"])
def test_a_playbook_is_told_the_same_as_by_ansibles_own(tmp_path: Path, mode: list[str]) -> None:
    told, play = tmp_path / "told.json", tmp_path / "play.yml"
    asked = [
        (name, each) for each in _TASKS for name in ("ansible.builtin.command", "ansible.legacy.command")
    ]
    tasks: list[dict[str, Any]] = [
        {name: each, "register": f"told_{n}", "failed_when": False} for n, (name, each) in enumerate(asked)
    ]
    names = ", ".join(f"told_{n}" for n in range(len(asked)))
    kept = {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(told), "mode": "0600"}
    tasks.append({"ansible.builtin.copy": kept, "check_mode": False})
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    program = str(Path(sys.executable).parent / "ansible-playbook")
    python = f"ansible_python_interpreter={sys.executable}"
    done = subprocess.run(
        [program, *mode, "-i", "here,", "-c", "local", "-e", python, str(play)],
        check=False, capture_output=True, text=True, cwd=_PLAYBOOKS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    results = [{key: each.get(key) for key in _SAME} for each in json.loads(told.read_text())]
    assert results[1::2] == results[::2]
    assert [each["rc"] for each in results[::2]] == ([0] * 8 if mode else [0, 3, 0, 255, 0, 0, 0, 0])


_SAME = ("cmd", "changed", "rc", "stdout", "stdout_lines", "stderr", "stderr_lines", "msg", "skipped")
