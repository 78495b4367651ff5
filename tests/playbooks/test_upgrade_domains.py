"""Which nodes upgrade.yml takes out of the queue at the same time."""

from typing import Any

from playbooks.filter_plugins.domains import upgrade_domains


def _host(switch: str | None = None, *, changes: bool = True) -> dict[str, Any]:
    plan: dict[str, Any] = {"upgrade_new": ["driver=2"] if changes else []}
    return plan if switch is None else {**plan, "scheduler_switch": switch}


def test_nodes_of_one_switch_go_together_and_others_alone() -> None:
    hosts = {"w3": _host("a"), "w1": _host("a"), "w2": _host(), "w4": _host("b"), "w5": _host()}
    assert upgrade_domains(hosts) == [["w1", "w3"], ["w2"], ["w4"], ["w5"]]


def test_a_switch_that_is_called_like_a_host_is_another_domain() -> None:
    assert upgrade_domains({"w1": _host(), "w2": _host("w1")}) == [["w1"], ["w2"]]


def test_where_nothing_changes_or_nothing_was_planned_nobody_is_touched() -> None:
    assert upgrade_domains({"w1": _host("a", changes=False), "w2": _host("a"), "head": {}}) == [["w2"]]
    assert upgrade_domains({}) == []
