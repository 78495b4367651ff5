"""decommission.yml for a whole site: no key is left on any host, and the head is the last. Runs last."""

import pytest

from tests.metal.driver import Site
from tests.metal.test_8_decommission import KEYS

pytestmark = pytest.mark.timeout(1800)


def test_a_site_that_leaves_has_no_key_left_on_any_host_and_the_head_is_the_last(converged: Site) -> None:
    job = converged.ssh("head-1", "sbatch --parsable --wrap 'sleep 600'").strip()
    converged.until("head-1", f"scontrol --oneliner show job {job}", "JobState=RUNNING")
    names = ("worker-1", "service-1", "head-1")
    asked = ("-e", "decommission_site=datahall decommission_drain_timeout=5")
    run = converged.playbook("decommission.yml", *asked).succeeded()
    assert [run.said.index(f"{name}: erased: ") for name in names] == sorted(
        run.said.index(f"{name}: erased: ") for name in names
    )
    for name in names:
        converged.off(name)
        disk = converged.folder / "machines" / name / "upper"
        left = [file for key in KEYS for file in disk.glob(key) if file.is_file()]
        assert left == [], name
    head = converged.folder / "machines/head-1/upper"
    assert not (head / "etc/munge/cluster.key").is_file()
    assert not list((head / "var/lib/mysql").glob("*"))
    assert not list((converged.folder / "machines/service-1/upper/var/lib/prometheus").glob("*"))
