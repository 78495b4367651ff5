"""slurm.conf keeps a node that does not answer as it was written down, and invents none."""

from typing import Any

from playbooks.filter_plugins.nodes import slurm_nodes

_WRITTEN = """# managed
NodeName=worker-1 NodeAddr=10.0.0.1 CPUs=64 RealMemory=1000 Gres=gpu:h100:8 State=UNKNOWN
NodeName=worker-2 NodeAddr=10.0.0.2 CPUs=32 RealMemory=500 State=UNKNOWN
"""
_ANSWERS: dict[str, Any] = {"ansible_facts": {"processor_vcpus": 128, "memtotal_mb": 2000}}


def test_a_node_that_answers_is_as_it_says_and_a_silent_one_as_it_was() -> None:
    hosts: dict[str, dict[str, Any]] = {"worker-1": _ANSWERS, "worker-2": {}}
    found = slurm_nodes(["worker-1", "worker-2"], hosts, _WRITTEN)
    assert found == {"worker-1": {"cpus": 128, "memory": 1900}, "worker-2": {"cpus": 32, "memory": 500}}


def test_a_node_that_was_never_seen_is_left_out() -> None:
    hosts = {"worker-1": _ANSWERS, "worker-3": {"ansible_facts": {}}}
    assert list(slurm_nodes(["worker-1", "worker-3"], hosts, _WRITTEN)) == ["worker-1"]


def test_one_that_is_no_worker_any_more_does_not_stay() -> None:
    assert list(slurm_nodes(["worker-1"], {"worker-1": {}}, _WRITTEN)) == ["worker-1"]
