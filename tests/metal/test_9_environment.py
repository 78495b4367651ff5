"""`datahall up metal`: hosts and stack in one, up again unchanged, a training, its model served, down.

It needs none of the other files' hosts: these are its own, in a home folder of their own.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datahall import ports, processes
from datahall.loopback import post_json
from datahall.paths import Home
from datahall.sandbox import hosts
from tests.metal.driver import ROOT, Site, machine_state
from tests.playbooks.test_watch import DASHBOARDS, expressions, metrics, served

pytestmark = pytest.mark.timeout(1800)
_DATAHALL = Path(sys.executable).parent / "datahall"


@pytest.fixture(scope="module")
def metal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The environment, taken down whatever happens; afterwards the machine must be as it was."""
    site = Site(tmp_path_factory.mktemp("environment") / "home", 0, 0)
    before = machine_state(site.folder)
    try:
        yield site
    finally:
        _run(site, "down", "metal")
    assert machine_state(site.folder) == before


def _run(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [_DATAHALL, *arguments], check=False, capture_output=True, text=True, cwd=ROOT, env=site.environment
    )


def _told(site: Site, *arguments: str) -> dict[str, Any]:
    done = _run(site, *arguments, "--json")
    assert done.returncode == 0, done.stderr[-6000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_up_makes_hosts_and_a_stack_that_converges_them(metal: Site) -> None:
    told = _told(metal, "up", "metal")
    assert set(told["changes"]) == {"create"}
    assert [host["power"] for host in told["hosts"]] == ["running"] * 4
    assert told["outputs"]["hosts"] == ["head-1", "service-1", "worker-1", "worker-2"]
    metal.until("head-1", "sinfo --noheader --Node --states=idle --format=%N | wc --lines", "2")


def test_up_again_changes_nothing(metal: Site) -> None:
    assert set(_told(metal, "up", "metal")["changes"]) == {"same"}
    assert set(_told(metal, "up", "metal", "--expect-no-changes")["changes"]) == {"same"}


def test_fewer_workers_than_there_are_are_refused(metal: Site) -> None:
    done = _run(metal, "up", "metal", "--workers", "1")
    assert done.returncode == 2
    assert "workers: 1: is fewer than there are (worker-2); remove hosts by name first" in done.stderr


def test_a_training_runs_on_it_by_slurm(metal: Site) -> None:
    told = _told(metal, "train", "mnist", "--on", "slurm")
    assert told["environment"] == "metal"
    assert not told["skipped"]
    assert told["metrics"]["accuracy"] > 0.96
    jobs = metal.ssh("head-1", "scontrol --oneliner show jobs")
    assert "JobState=COMPLETED" in jobs
    assert "NodeList=worker-[1-2]" in jobs
    status = _told(metal, "status", "metal")
    assert [model["version"] for model in status["models"]] == [told["version"]]
    assert {host["power"] for host in status["hosts"]} == {"running"}


def _holding(folder: Path, secret: str) -> list[str]:
    """The files below that hold a secret."""
    done = subprocess.run(
        ["grep", "-rlF", "-f", "-", str(folder)], check=False, capture_output=True, text=True, input=secret
    )
    return sorted(str(Path(line).relative_to(folder)) for line in done.stdout.splitlines())


def test_the_model_is_served_by_the_workers_behind_the_edge(metal: Site) -> None:
    begun = time.monotonic()
    told = _told(metal, "serve", "mnist", "--env", "metal", "--port", str(ports.any_free()))
    print(f"served after {time.monotonic() - begun:.0f} s")
    assert told["answer"]["model"]["version"] == told["service"]["model_version"]
    assert told["service"]["url"].startswith("https://localhost:")
    (shown,) = _told(metal, "status", "metal")["services"]
    assert (shown["url"], shown["ready"]) == (told["service"]["url"], True)
    again = _told(metal, "serve", "mnist", "--env", "metal")
    assert not again["started"]
    assert set(again["changes"]) == {"same"}
    assert set(_told(metal, "up", "metal", "--expect-no-changes")["changes"]) == {"same"}
    metal.playbook("acceptance.yml", "--limit", "service-1").succeeded()


def test_its_token_is_in_two_files_of_the_machine_and_one_of_each_worker(metal: Site) -> None:
    token = (metal.folder / "model-token").read_text().strip()
    assert _holding(metal.home, token) == [
        "hosts/machines/worker-1/upper/etc/model-server/token",
        "hosts/machines/worker-2/upper/etc/model-server/token",
        "hosts/model-header",
        "hosts/model-token",
    ]


def _ask_prometheus(query: str) -> str:
    return f"promtool query instant http://127.0.0.1:9090 '{query}' || true"


def test_what_it_measures_is_watched_and_no_other_host_is_told(metal: Site) -> None:
    for worker in ("worker-1", "worker-2"):
        metal.until("service-1", _ask_prometheus(f'model_ready{{host="{worker}"}} == 1'), "=> 1")
    names = "http://127.0.0.1:9090/api/v1/label/__name__/values"
    fetch = f"python3 -c 'import urllib.request as r; print(r.urlopen(\"{names}\").read().decode())'"
    # whichever answered the request has predictions
    metal.until("service-1", fetch, '"predictions_total"')
    asked = {name for file in DASHBOARDS for text in expressions(file) for name in metrics(text)} & served()
    assert asked <= set(json.loads(metal.ssh("service-1", fetch))["data"])
    told = metal.ssh("service-1", "sudo stat --format=%a%U%G /etc/prometheus/model-token")
    assert told.strip() == "640rootprometheus"
    url = "http://198.18.0.101:8000"
    ask = f"python3 -c 'import urllib.request as r; r.urlopen(\"{url}/metrics\", timeout=3)'"
    assert "HTTP Error 401" in metal.try_ssh("service-1", ask).stderr, "without the token"
    assert "timed out" in metal.try_ssh("head-1", ask).stderr, "past the firewall"
    models = (
        'sudo python3 -c \'import urllib.request as r; token = open("/etc/prometheus/model-token").read();'
        f' asked = r.Request("{url}/v1/models", headers={{"Authorization": "Bearer " + token.strip()}});'
        " r.urlopen(asked, timeout=3)'"
    )
    assert "HTTP Error 401" in metal.try_ssh("service-1", models).stderr, "that is for the metrics alone"


def test_a_model_server_that_ends_is_an_alert_until_it_is_back(metal: Site) -> None:
    query = "amtool --alertmanager.url=http://127.0.0.1:9093 alert query ModelServerDown --output=json"
    shown = query + ' | grep --only-matching \'"host":"[^"]*"\' || echo none'
    assert metal.ssh("service-1", shown) == "none\n"
    metal.ssh("worker-2", "sudo systemctl stop model-server")
    begun = time.monotonic()
    try:
        assert metal.until("service-1", shown, "worker-2") == '"host":"worker-2"\n'
        print(f"ModelServerDown after {time.monotonic() - begun:.0f} s")
    finally:
        metal.ssh("worker-2", "sudo systemctl start model-server")
    metal.until("service-1", shown, "none")


def test_it_answers_while_a_worker_is_down_and_the_worker_serves_again_by_itself(metal: Site) -> None:
    (service,) = processes.services(metal.home / "services", "metal")
    token = (metal.folder / "model-token").read_text().strip()
    request = json.loads(Home(metal.home).request("metal").read_text())
    hosts.fail(metal.folder, "worker-1")
    try:
        time.sleep(6)  # two health checks of the edge
        for _ in range(8):
            post_json(f"{service.url}/predict", request, ca=service.ca, token=token)
    finally:
        hosts.start(metal.folder, "worker-1")
    ask = "python3 -c 'import urllib.request as r; print(r.urlopen(\"http://198.18.0.101:8000/health/ready\").read())'"
    metal.until("worker-1", f"{ask} 2>&1 || true", '"status":"ready"')


def test_a_blank_host_in_a_workers_place_is_converged_alone(metal: Site) -> None:
    hosts.reset(metal.folder, "worker-2")
    done = _run(metal, "up", "metal", "--expect-no-changes")
    assert done.returncode != 0
    assert metal.try_ssh("worker-2", "sinfo").returncode != 0, "nothing was changed"
    done = _run(metal, "up", "metal")
    assert done.returncode == 0, done.stderr[-6000:]
    assert "worker-2: converged" in done.stdout
    assert "worker-1: converged" not in done.stdout
    metal.until("head-1", "sinfo --noheader --Node --states=idle --format=%N | wc --lines", "2")


def test_down_leaves_nothing(metal: Site) -> None:
    told = _told(metal, "down", "metal")
    assert told["destroyed"]
    assert told["left"] == []
    assert not metal.home.exists()
    assert _told(metal, "down", "metal") == {**told, "destroyed": False}
