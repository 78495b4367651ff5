"""Each alert fires when its rule says, and not before: on series that Prometheus's own promtool plants."""

import json
import shlex
from typing import Any

import pytest

from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(1800)
_CASES = {
    # alert: series with their values minute by minute, a time when it is silent, and one when it fires
    "HostDown": ({'up{job="node",host="w"}': "1 1 0x30"}, "2m", "5m"),
    "DiskNearlyFull": (
        {
            'node_filesystem_avail_bytes{host="w",fstype="ext4"}': "50 4x30",
            'node_filesystem_size_bytes{host="w",fstype="ext4"}': "100x30",
        },
        "9m",
        "13m",
    ),
    "MemoryNearlyFull": (
        {
            'node_memory_MemAvailable_bytes{host="w"}': "50 4x30",
            'node_memory_MemTotal_bytes{host="w"}': "100x30",
        },
        "9m",
        "13m",
    ),
    "ClockOff": ({'node_timex_offset_seconds{host="w"}': "0 -0.6x30"}, "4m", "8m"),
    "NodeDrained": ({'slurm_node_drained{host="h",node="w"}': "0 1x30"}, "1m", "3m"),
    "NodeDown": ({'slurm_node_down{host="h",node="w"}': "0 1x30"}, "1m", "3m"),
    "NodeUnwell": ({'node_health_failed{host="w",check="gpu"}': "0 1x30"}, "0m", "3m"),
    "SchedulerSilent": ({'slurm_measured_timestamp_seconds{host="w"}': "0x30"}, "2m", "4m"),
    "BackupFailed": ({'backup_failed{host="w",set="munge"}': "0 1x30"}, "0m", "3m"),
    "BackupOld": ({'backup_last_success_timestamp_seconds{host="w",set="munge"}': "0x3100"}, "48h", "49h"),
    "ModelServerDown": ({'up{job="model",host="w"}': "1 0x30"}, "1m", "3m"),
}
_NOT_READY = {'up{job="model",host="w"}': "1x30", 'model_ready{job="model",host="w"}': "1 0x30"}


def _unit(name: str, series: dict[str, str], silent: str, fires: str) -> dict[str, Any]:
    expression = f'count(ALERTS{{alertname="{name}",alertstate="firing",host="w"}})'
    said = {"expr": expression, "eval_time": fires, "exp_samples": [{"labels": "{}", "value": 1}]}
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": silent, "exp_samples": []}, said],
    }


def test_each_rule_in_force_fires_when_it_should_and_not_before(converged: Site) -> None:
    shown = converged.ssh("service-1", "cat /etc/prometheus/rules/cluster.yml")
    assert sorted(_CASES) == sorted(line.split()[-1] for line in shown.splitlines() if "alert:" in line)
    units = {
        "rule_files": ["/etc/prometheus/rules/cluster.yml"],
        "evaluation_interval": "15s",
        "tests": [
            *(_unit(name, *case) for name, case in _CASES.items()),
            _unit("ModelServerDown", _NOT_READY, "1m", "3m"),
        ],
    }
    converged.ssh("service-1", f"echo {shlex.quote(json.dumps(units))} >/tmp/units.yml")
    done = converged.try_ssh("service-1", "promtool test rules /tmp/units.yml")
    assert done.returncode == 0, done.stdout + done.stderr
