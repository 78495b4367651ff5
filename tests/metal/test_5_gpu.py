"""The GPU role on hosts: set, kept over a boot, mended, refused; containerd's configuration is not wiped."""

import json

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(900)
_CAPPED = {"gpu_power_limit": 450, "gpu_clocks": [1200, 1500]}
_SHARED = ["1g.10gb", "3g.40gb"]
_SET = "--query-gpu=persistence_mode,power.limit,clocks.gr --format=csv,noheader,nounits"
_CONFIG = "/etc/containerd/config.toml"
_STARTED = "systemctl show --property=ActiveEnterTimestampMonotonic containerd"
_MINE = """
# by hand: do not lose me
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."registry.internal"]
  endpoint = ["https://198.18.0.20"]
"""


def _gpu(site: Site, asked: dict[str, object], *more: str) -> Run:
    return site.playbook("site.yml", "--limit", "worker-1", "--tags", "gpu", "-e", json.dumps(asked), *more)


def _is(site: Site, *lines: str) -> None:
    assert sorted(set(site.ssh("worker-1", f"nvidia-smi {_SET}").splitlines())) == sorted(lines)


def test_a_power_cap_and_clocks_hold_over_a_boot_and_are_mended(converged: Site) -> None:
    _gpu(converged, _CAPPED).succeeded()
    _is(converged, "Enabled, 450.00, 1200")
    assert _gpu(converged, _CAPPED).succeeded().changed == {"worker-1": 0}
    hosts.stop(converged.folder, "worker-1")
    hosts.start(converged.folder, "worker-1")
    _is(converged, "Enabled, 450.00, 1200")
    converged.ssh("worker-1", "sudo nvidia-smi -i 3 -pl 600")
    assert "gpu 3: power limit 600 W, not 450 W" in converged.try_ssh("worker-1", "sudo gpu-health").stdout
    seen = _gpu(converged, _CAPPED, "--check", "-v").succeeded()
    assert "gpu 3: power limit 600 W, not 450 W" in seen.said
    assert seen.changed == {"worker-1": 1}
    _gpu(converged, _CAPPED).succeeded()
    _is(converged, "Enabled, 450.00, 1200")
    _gpu(converged, {}).succeeded()
    _is(converged, "Enabled, 700.00, 345")
    converged.take_back("worker-1")


def test_what_a_gpu_does_not_take_ends_it_before_anything_is_set(converged: Site) -> None:
    run = _gpu(converged, {"gpu_power_limit": 900})
    assert run.code != 0
    assert "gpu_power_limit: 900: GPU 0 takes 200 to 700 W; correct it" in run.said
    _is(converged, "Enabled, 700.00, 345")


def test_a_hand_written_containerd_configuration_stays_and_is_taken_up_once(converged: Site) -> None:
    text = converged.ssh("worker-1", f"cat {_CONFIG}")
    assert "nvidia-container-runtime" in text
    assert "[plugins.'io.containerd" in text or 'bin_dir = "/usr/lib/cni"' in text, "Debian's own is there"
    dump = converged.ssh("worker-1", "sudo containerd config dump")
    assert "containerd.runtimes.runc]" in dump, "the runtime that is there by default"
    before = converged.ssh("worker-1", _STARTED)
    converged.ssh("worker-1", f"echo '# a remark' | sudo tee -a {_CONFIG}")
    assert _gpu(converged, {}).succeeded().changed == {"worker-1": 0}
    assert converged.ssh("worker-1", _STARTED) == before, "a remark means nothing"
    converged.ssh("worker-1", f"sudo tee -a {_CONFIG} <<'E'\n{_MINE}\nE")
    assert _gpu(converged, {}).succeeded().changed["worker-1"] > 0
    assert converged.ssh("worker-1", _STARTED) != before
    assert _gpu(converged, {}).succeeded().changed == {"worker-1": 0}
    after = converged.ssh("worker-1", f"cat {_CONFIG}")
    assert _MINE.strip() in after
    assert "# a remark" in after
    _gpu(converged, {"gpu_containers": False}).succeeded()
    left = converged.ssh("worker-1", f"cat {_CONFIG}")
    assert "nvidia" not in left
    assert _MINE.strip() in left
    _gpu(converged, {}).succeeded()


def test_instances_are_made_and_the_scheduler_gives_them_out(converged: Site) -> None:
    asked = json.dumps({"gpu_mig_profiles": _SHARED})
    converged.playbook("site.yml", "--tags", "gpu,scheduler", "-e", asked).succeeded()
    again = converged.playbook("site.yml", "--tags", "gpu,scheduler", "-e", asked).succeeded()
    assert set(again.changed.values()) == {0}, again.output
    shown = converged.ssh("head-1", "sinfo --noheader --Node --nodes=worker-1 --format=%G").strip()
    assert shown == "gpu:1g.10gb:8,gpu:3g.40gb:8"
    given = "srun --nodelist=worker-1 --gres=gpu:3g.40gb:3 bash -c 'echo $CUDA_VISIBLE_DEVICES'"
    assert len(converged.ssh("head-1", f"timeout 60 {given}").strip().split(",")) == 3
    much = "srun --immediate=5 --nodelist=worker-1 --gres=gpu:3g.40gb:9 true"
    assert converged.try_ssh("head-1", f"timeout 60 {much}").returncode != 0
    converged.ssh("worker-1", "sudo emulated-gpu busy --gpu 0")
    refused = _gpu(converged, {})
    converged.ssh("worker-1", "sudo emulated-gpu idle --gpu 0")
    assert refused.code != 0
    assert "gpu_mig_profiles: none: GPU 0 is in use by process 4242" in refused.said
    converged.playbook("site.yml", "--tags", "gpu,scheduler").succeeded()
    assert "MIG" not in converged.ssh("worker-1", "nvidia-smi -L")


def test_the_exporter_is_scraped_and_says_what_it_is(converged: Site) -> None:
    read = "import urllib.request as u; print(u.urlopen('http://198.18.0.101:9400/metrics').read().decode())"
    assert "# EMULATED" in converged.ssh("service-1", f'python3 -c "{read}"')
    asked = 'DCGM_FI_DEV_POWER_MGMT_LIMIT{host="worker-1",gpu="7"}'
    query = f"promtool query instant http://127.0.0.1:9090 '{asked}'"
    converged.until("service-1", query, "=> 700 @")
    denied = "timeout 3 bash -c '</dev/tcp/198.18.0.101/9400'"
    assert converged.try_ssh("head-1", denied).returncode != 0


def test_acceptance_says_which_gpu_is_not_as_asked(converged: Site) -> None:
    converged.ssh("worker-2", "sudo nvidia-smi -i 5 -pl 300")
    run = converged.playbook("acceptance.yml")
    converged.ssh("worker-2", "sudo gpu-settings apply --kept")
    converged.take_back("worker-2")
    assert run.code != 0
    assert "gpu 5: power limit 300 W, not 700 W" in run.said


def test_a_fabric_manager_that_is_not_there_drains_the_node(converged: Site) -> None:
    converged.ssh("worker-2", "sudo systemctl stop nvidia-fabricmanager")
    assert "fabric: Not Started" in converged.try_ssh("worker-2", "sudo gpu-health").stdout
    converged.playbook("site.yml", "--limit", "worker-2", "--tags", "gpu").succeeded()
    assert converged.try_ssh("worker-2", "sudo gpu-health").returncode == 0
    converged.take_back("worker-2")


def test_where_the_role_fails_on_every_worker_all_other_hosts_are_converged(converged: Site) -> None:
    exporter = "prometheus-node-exporter"
    for host in ("head-1", "service-1"):
        converged.ssh(host, f"sudo systemctl stop {exporter}")
    run = converged.playbook("site.yml", "-e", '{"gpu_emulated_packages": ["emulated-gpu=1.0"]}')
    assert run.code == 2, run.output[-4000:]
    assert run.failed == {"worker-1", "worker-2"}
    assert "worker-1, worker-2: did not come through, and every other host did" in run.said
    assert {converged.ssh(host, f"systemctl is-active {exporter}") for host in ("head-1", "service-1")} == {
        "active\n"
    }
    converged.until("head-1", "sinfo --noheader --Node --states=idle --format=%N | wc --lines", "2")
