"""The watch without hosts: rules and dashboards ask for nothing that no exporter of ours says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from jinja2 import Environment, StrictUndefined

from playbooks.filter_plugins.alerts import alert_after
from workloads.serving.metrics import new_metrics

_ROLES = Path(__file__).resolve().parents[2] / "playbooks" / "roles"
DASHBOARDS = sorted((_ROLES / "observability/files/dashboards").glob("*.json"))
_RULES = _ROLES / "observability/templates/etc/prometheus/rules/cluster.yml.j2"
# who says them: a script of a role
_SCRIPTS = (
    "scheduler/templates/usr/local/sbin/scheduler-measure.j2",
    "scheduler/templates/usr/local/sbin/node-health.j2",
    "backup/files/save",
)
_FUNCTIONS = {"sum", "count", "avg", "rate", "time", "abs", "by", "or", "histogram_quantile"}
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}


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


def served() -> set[str]:
    """The metrics that a model server says."""
    families = new_metrics("a-model", "a-version").registry.collect()
    return {each.name + suffix for each in families for suffix in _SUFFIXES.get(each.type, ("",))}


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.name)
def test_a_dashboard_asks_for_what_is_said_and_its_panels_do_not_overlap(file: Path) -> None:
    asked = set().union(*map(metrics, expressions(file)))
    said = ours() | served() | {"up"}
    assert {name for name in asked if not name.startswith("node_") or name in ours()} <= said
    panels = _load(file)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)


def rules(**given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - variables of the role
    """The alert rules as the role writes them."""
    role = _ROLES / "observability"
    plain = {**_yaml(role / "defaults/main.yml"), **given}
    environment = Environment(undefined=StrictUndefined, trim_blocks=True)  # noqa: S701 - rules, no HTML
    environment.filters["alert_after"] = alert_after
    usual = _yaml(role / "vars/main.yml")["observability_usual_after"]
    usual = {name: environment.from_string(after).render(**plain) for name, after in usual.items()}
    template = environment.from_string(_RULES.read_text())
    text = template.render(**plain, observability_usual_after=usual, ansible_managed="managed")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def _yaml(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    return loaded


def test_a_rule_asks_for_what_is_said_and_an_alert_says_what_is_wrong() -> None:
    made = rules()
    asked = set().union(*(metrics(rule["expr"]) for rule in made))
    assert {name for name in asked if not name.startswith("node_")} <= ours() | served() | {"up"}
    assert ours() - asked == {"slurm_jobs"}, "what is said and nobody asks for"
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in made)


def test_an_alert_waits_as_it_is_told_and_an_unknown_one_is_refused() -> None:
    usual = {rule["alert"]: rule["for"] for rule in rules()}
    told = {rule["alert"]: rule["for"] for rule in rules(observability_alert_after={"NodeDown": "2m"})}
    assert {name for name, after in told.items() if after != usual[name]} == {"NodeDown"}
    with pytest.raises(AnsibleFilterError, match=r"alert_after\.Nodedown: is no alert; choose of"):
        rules(observability_alert_after={"Nodedown": "2m"})
    with pytest.raises(AnsibleFilterError, match="NodeDown: soon: is no duration; write 30s, 5m or 1h30m"):
        rules(observability_alert_after={"NodeDown": "soon"})


def test_what_our_scripts_say_is_found() -> None:
    assert {"slurm_node_drained", "node_health_failed", "backup_failed"} <= ours()
    assert {"model_ready", "http_requests_total", "http_request_duration_seconds_bucket"} <= served()
