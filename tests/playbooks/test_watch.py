"""The watch without hosts: rules and dashboards ask for nothing that no exporter of ours says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, StrictUndefined

_ROLES = Path(__file__).resolve().parents[2] / "playbooks" / "roles"
DASHBOARDS = sorted((_ROLES / "observability/files/dashboards").glob("*.json"))
_RULES = _ROLES / "observability/templates/etc/prometheus/rules/cluster.yml.j2"
# who says them: a script of a role
_SCRIPTS = (
    "scheduler/templates/usr/local/sbin/scheduler-measure.j2",
    "scheduler/templates/usr/local/sbin/node-health.j2",
    "backup/files/save",
)
_FUNCTIONS = {"sum", "count", "avg", "rate", "time", "abs", "by"}


def _load(file: Path) -> Any:  # noqa: ANN401 - a dashboard has any types
    return json.loads(file.read_text())


def metrics(expression: str) -> set[str]:
    """The names of metrics in PromQL, its strings, labels and functions left out."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)', " ", expression)
    return set(re.findall(r"[a-zA-Z_][a-zA-Z0-9_]*", bare)) - _FUNCTIONS


def expressions(file: Path) -> list[str]:
    """What a dashboard asks for."""
    return [target["expr"] for panel in _load(file)["panels"] for target in panel["targets"]]


def ours() -> set[str]:
    """The metrics that scripts of the roles say."""
    said = "".join((_ROLES / script).read_text() for script in _SCRIPTS)
    return set(re.findall(r'echo "([a-z]+_[a-z_]+)[{ ]', said))


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.name)
def test_a_dashboard_asks_for_what_is_said_and_its_panels_do_not_overlap(file: Path) -> None:
    asked = set().union(*map(metrics, expressions(file)))
    assert {name for name in asked if not name.startswith("node_") or name in ours()} <= ours() | {"up"}
    panels = _load(file)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)


def test_a_rule_asks_for_what_is_said_and_an_alert_says_what_is_wrong() -> None:
    defaults = yaml.safe_load((_ROLES / "observability/defaults/main.yml").read_text())
    environment = Environment(undefined=StrictUndefined, trim_blocks=True)  # noqa: S701 - rules, no HTML
    text = environment.from_string(_RULES.read_text()).render(**defaults, ansible_managed="managed")
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    asked = set().union(*(metrics(rule["expr"]) for rule in rules))
    assert {name for name in asked if not name.startswith("node_")} <= ours() | {"up"}
    assert ours() - asked == {"slurm_jobs"}, "what is said and nobody asks for"
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)


def test_what_our_scripts_say_is_found() -> None:
    assert {"slurm_node_drained", "node_health_failed", "backup_failed"} <= ours()
