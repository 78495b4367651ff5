"""upgrade.yml: another driver, a failure domain at a time; one that fails is put back, and ends it there."""

import json
import re
from pathlib import Path

import pytest

from datahall.sandbox import hosts
from tests.metal.driver import Run, Site

pytestmark = pytest.mark.timeout(900)
_BEFORE, _AFTER, _BROKEN = (f"{each}+emulated" for each in ("535.183.01", "550.54.15", "555.42.02"))
_DRIVER = (
    "nvidia-smi --query-gpu=driver_version --format=csv,noheader | uniq;"
    "sinfo --noheader --Node --format='%N %T'"
)


def _upgrade(site: Site, to: str, *more: str, reboot: bool = False) -> Run:
    asked = {
        "gpu_emulated_packages": [f"emulated-gpu={to}"],
        "gpu_emulated_fabric_packages": [f"emulated-fabricmanager={to}"],
        "upgrade_reboot": reboot,
        "upgrade_drain_timeout": 5,
    }
    return site.playbook("upgrade.yml", "-e", json.dumps(asked), *more)


def _boot(site: Site, name: str) -> str:
    return site.ssh(name, "cat /proc/sys/kernel/random/boot_id")


def _boots(site: Site) -> dict[str, str]:
    return {name: _boot(site, name) for name in ("worker-1", "worker-2")}


def _domain(inventory: Path) -> tuple[str, ...]:
    inventory.write_text("worker: {vars: {scheduler_switch: rack-a}}\n")
    return ("-i", "inventory/emulated.py", "-i", str(inventory))


def test_a_driver_that_fails_is_put_back_and_no_other_node_is_touched(converged: Site) -> None:
    boots = _boots(converged)
    run = _upgrade(converged, _BROKEN)
    assert run.code != 0
    assert ": Be well with them: gpu: nvidia-smi does not answer" in run.said
    assert "was put back, the node takes jobs again" in run.said
    for part in ("gpu", "fabricmanager"):
        assert f"emulated-{part}={_BROKEN}" in run.said
        assert f"emulated-{part}={_BEFORE}" in run.said
    assert run.changed["worker-1"] > 0
    assert run.changed["worker-2"] == 0
    seen = converged.ssh("worker-1", _DRIVER)
    assert seen.splitlines() == ["535.183.01", "worker-1 idle", "worker-2 idle"]
    assert "hold" in converged.ssh(
        "worker-1", "dpkg-query --show --showformat='${db:Status-Want}' emulated-gpu"
    )
    assert boots == _boots(converged)


def test_a_driver_that_fails_once_it_is_booted_is_put_back_by_another_boot(converged: Site) -> None:
    boots = _boots(converged)
    run = _upgrade(converged, _BROKEN, reboot=True)
    assert run.code != 0
    assert ": Be well with them: " in run.said, run.output[-3000:]
    assert "nvidia-smi does not answer" in run.said
    assert "was put back, the node takes jobs again" in run.said, run.output[-3000:]
    booted = re.findall(r"(?m)^TASK \[upgrade : Boot anew\].*\nchanged: \[(.*)\]", run.output)
    assert booted == ["worker-1", "worker-1"], "with the one that fails, and with the one before"
    after = _boots(converged)
    assert (after["worker-1"] != boots["worker-1"], after["worker-2"]) == (True, boots["worker-2"])
    assert converged.ssh("worker-1", _DRIVER).splitlines() == ["535.183.01", "worker-1 idle", "worker-2 idle"]


def test_a_version_that_is_not_in_the_mirror_is_refused_before_anything_is_drained(converged: Site) -> None:
    run = _upgrade(converged, "1.0")
    assert run.code != 0
    assert "upgrade_packages: emulated-gpu=1.0, emulated-fabricmanager=1.0: apt on worker-1" in run.said
    assert "cannot put that in place: E: " in run.said
    assert not any(run.changed.values())


def test_a_failure_domain_is_upgraded_together_and_a_second_run_changes_nothing(
    converged: Site, inventory: Path
) -> None:
    run = _upgrade(converged, _AFTER, *_domain(inventory)).succeeded()
    assert run.output.count("PLAY [One failure domain after the other]") == 1
    assert converged.ssh("worker-2", _DRIVER).splitlines() == ["550.54.15", "worker-1 idle", "worker-2 idle"]
    again = _upgrade(converged, _AFTER).succeeded()
    assert set(again.changed.values()) == {0}, again.output
    _upgrade(converged, _BEFORE, *_domain(inventory)).succeeded()  # a lower version is put in place, too


_OFF = """[Unit]
ConditionPathExists=/etc/planted-off
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/systemctl poweroff --force
"""
_PLANT = (
    f"printf '{_OFF}' | sudo tee /etc/systemd/system/planted-off.service && sudo touch /etc/planted-off &&"
    " sudo mkdir -p /etc/systemd/system/sysinit.target.wants &&"
    " sudo ln -sf ../planted-off.service /etc/systemd/system/sysinit.target.wants/"
).replace("\n", "\\n")


def test_a_node_that_does_not_come_back_from_its_boot_stops_it_and_stays_drained(converged: Site) -> None:
    converged.ssh("worker-1", _PLANT)
    boots = _boots(converged)
    run = _upgrade(converged, _AFTER, "-e", "upgrade_boot_timeout=15 upgrade_answer_timeout=5", reboot=True)
    (converged.folder / "machines/worker-1/upper/etc/planted-off").unlink()
    assert run.code != 0
    assert f"worker-1: emulated-gpu={_AFTER}" in run.said, run.output[-3000:]
    assert ": Boot anew: " in run.said
    assert "the node stays drained, and no other node was touched after it: put it on" in run.said
    assert run.changed["worker-2"] == 0
    assert _boot(converged, "worker-2") == boots["worker-2"]
    seen = converged.ssh("head-1", "sinfo --noheader --Node --format='%N %T %E'")
    assert "upgrade.yml" in seen.splitlines()[0], seen
    assert seen.splitlines()[0].startswith("worker-1 drain"), seen

    hosts.start(converged.folder, "worker-1")
    again = _upgrade(converged, _AFTER, reboot=True).succeeded()
    assert again.changed["worker-1"] == 0, "it has the new version already"
    assert _boot(converged, "worker-2") != boots["worker-2"], "a driver is loaded by a boot"
    converged.take_back("worker-1")
    assert converged.ssh("worker-2", _DRIVER).splitlines()[0] == "550.54.15"


def test_the_roles_leave_a_change_of_the_driver_to_it(converged: Site, inventory: Path) -> None:
    run = converged.playbook("site.yml", "--tags", "gpu_driver", "--limit", "worker-1")
    assert run.code != 0
    assert f"{_BEFORE}: is not the driver that is installed (" in run.said
    assert f"={_AFTER}); run upgrade.yml" in run.said
    assert not any(run.changed.values())
    back = _upgrade(converged, _BEFORE, *_domain(inventory)).succeeded()
    assert back.changed["worker-1"] > 0
    assert converged.ssh("worker-1", _DRIVER).startswith("535.183.01")
