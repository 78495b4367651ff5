"""Rules over all roles: what they declare is what they have, and nothing in them only pretends."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from playbooks.readmes import readme

_PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
_ROLES = sorted((_PLAYBOOKS / "roles").iterdir())
_YAML = sorted(_PLAYBOOKS.rglob("*.yml"))


def _load(file: Path) -> Any:  # noqa: ANN401 - YAML has no type before it is looked at
    return yaml.safe_load(file.read_text())


@pytest.mark.parametrize("role", _ROLES, ids=lambda role: role.name)
def test_every_default_is_declared_described_and_prefixed(role: Path) -> None:
    options = _load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = set(_load(role / "defaults" / "main.yml"))
    assert defaults <= set(options)
    assert all(name.startswith(f"{role.name}_") for name in options)
    assert all(option["description"] for option in options.values())


@pytest.mark.parametrize("role", _ROLES, ids=lambda role: role.name)
def test_the_main_task_file_is_an_index(role: Path) -> None:
    for task in _load(role / "tasks" / "main.yml"):
        included = task.get("ansible.builtin.include_tasks")
        assert included or {"ansible.builtin.import_tasks", "ansible.builtin.meta"} & set(task), task["name"]


@pytest.mark.parametrize("role", _ROLES, ids=lambda role: role.name)
def test_what_is_included_as_a_whole_or_not_obeys_the_tags_of_the_include(role: Path) -> None:
    for task in _load(role / "tasks" / "main.yml"):
        if included := task.get("ansible.builtin.include_tasks"):
            assert included["apply"] == {"tags": ["always"]}, "else --tags leaves out what is in the file"
            assert task["when"]
            assert task["tags"]


@pytest.mark.parametrize("role", _ROLES, ids=lambda role: role.name)
def test_every_notified_handler_exists(role: Path) -> None:
    handlers = (
        {handler.get("listen", handler["name"]) for handler in _load(role / "handlers" / "main.yml")}
        if _has_handlers(role)
        else set()
    )
    notified = {
        name
        for file in [*role.glob("tasks/*.yml"), *role.glob("handlers/*.yml")]
        for name in re.findall(r"^\s+notify: (.+)$", file.read_text(), re.MULTILINE)
    }
    left_over = f'"{{{{ {role.name}_stale.stdout_lines }}}}"'
    if left_over in notified:  # by the name that its table has
        taken_up = _load(role / "vars" / "main.yml")[f"{role.name}_taken_up"]
        notified = notified - {left_over} | set(taken_up)
    assert notified == handlers


@pytest.mark.parametrize("role", _ROLES, ids=lambda role: role.name)
def test_every_package_is_named_in_the_defaults_where_the_mirror_looks(role: Path) -> None:
    asked = [
        task["ansible.legacy.apt"]["name"]
        for file in role.glob("tasks/*.yml")
        for task in _load(file)
        if "name" in task.get("ansible.legacy.apt", {})
    ]
    assert [name for name in asked if "{{" not in name or "['" in name] == []


def _has_handlers(role: Path) -> bool:
    return (role / "handlers" / "main.yml").exists()


@pytest.mark.parametrize("file", _YAML, ids=lambda file: str(file.relative_to(_PLAYBOOKS)))
def test_nothing_is_ignored_or_taken_for_granted(file: Path) -> None:
    text = file.read_text()
    for forbidden in (
        "ignore_errors",
        "that: true",
        "trusted=yes",
        "gpgcheck: false",
        "allow_unauthenticated",
    ):
        assert forbidden not in text


@pytest.mark.parametrize("file", _YAML, ids=lambda file: str(file.relative_to(_PLAYBOOKS)))
def test_what_only_templates_know_is_asked_for_in_templates_alone(file: Path) -> None:
    assert "ansible_managed" not in file.read_text()  # undefined in copy's content: the task fails


@pytest.mark.parametrize("role", _ROLES, ids=lambda role: role.name)
def test_its_readme_is_what_its_specification_makes(role: Path) -> None:
    assert (role / "README.md").read_text() == readme(role)
