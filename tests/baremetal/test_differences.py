"""Which hosts a pool's update is for, without any playbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.bare_metal.args import NEIGHBOUR_TAGS, PLAYBOOKS
from datahall.baremetal.converge import Difference, State, difference
from datahall.baremetal.differences import differences
from datahall.baremetal.pool import content_digest, read


def inputs(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - what a test changes
    hosts = {"a": {"ansible_host": "10.0.0.1"}, "b": {"ansible_host": "10.0.0.2"}}
    groups = {
        "worker": {"vars": {}, "hosts": {**hosts, **changes.pop("hosts", {})}},
        "head": {"hosts": {"h": {}}},
    }
    groups["worker"]["vars"] = changes.pop("group", {})
    inventory = {"all": {"vars": changes.pop("vars", {}), "children": groups}}
    return {"playbooks": "/p", "inventory": inventory, "digest": "1", **changes}


KNOWN = State(read(inputs()).fingerprints())


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({}, ()),
        ({"playbooks": "/elsewhere"}, ()),
        ({"neighbourTags": ["x"], "privateKeyFile": "/k"}, ()),
        ({"digest": "2"}, ("a", "b", "h")),
        ({"vars": {"x": 1}}, ("a", "b", "h")),
        ({"group": {"x": 1}}, ("a", "b")),
        ({"hosts": {"b": {"ansible_host": "10.0.0.9"}}}, ("b",)),
        ({"hosts": {"c": {}}}, ("c",)),
    ],
)
def test_who_is_due(changes: dict[str, Any], due: tuple[str, ...]) -> None:
    found = difference(read(inputs(**changes)), KNOWN)
    assert found.due == due
    assert found.gone == ()
    assert found.news == due, "whom the others are told of"
    assert bool(differences(inputs(), inputs(**changes), KNOWN)) == bool(due)


def test_who_drifted_or_went() -> None:
    drifted = State(KNOWN.converged, {"b": ["Names"]})
    assert difference(read(inputs()), drifted) == Difference(("b",), (), ())
    assert differences(inputs(), inputs(), drifted) == {
        'drift["b"][0]': ("DELETE", False),
        'converged["b"]': ("UPDATE", False),
    }
    more = State({**KNOWN.converged, "z": "1"})
    assert difference(read(inputs()), more) == Difference((), (), ("z",), ("z",))


def test_what_neighbours_learn_is_a_part_of_our_playbooks() -> None:
    files = PLAYBOOKS.glob("roles/*/tasks/main.yml")
    tags = {
        tag for file in files for task in yaml.safe_load(file.read_text()) for tag in task.get("tags", [])
    }
    assert set(NEIGHBOUR_TAGS) <= tags


def test_the_digest_is_of_what_matters(tmp_path: Path) -> None:
    (tmp_path / "roles").mkdir()
    (tmp_path / "inventory").mkdir()
    (tmp_path / "site.yml").write_text("---\n")
    first = content_digest(tmp_path, ())
    for name in ("inventory/mine.yml", ".hidden", "roles/x.pyc"):
        (tmp_path / name).write_text("x")
    assert content_digest(tmp_path, ()) == first
    (tmp_path / "roles" / "tasks.yml").write_text("x")
    second = content_digest(tmp_path, ())
    (tmp_path / "roles" / "tasks.yml").chmod(0o700)
    assert len({first, second, content_digest(tmp_path, ())}) == 3
