"""`datahall serve lm` as typed, on a site of the test's own; nothing is trained."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from datahall import cli, ports, processes, site
from datahall.paths import Home
from tests.workloads.conftest import Place
from tests.workloads.made import ORIGIN, toy_content
from tests.workloads.test_prompts import card, fresh, saved
from workloads.data import store
from workloads.registry.card import Card
from workloads.registry.store import Registry

pytestmark = [pytest.mark.xdist_group("serving"), pytest.mark.usefixtures("one_thread")]


@pytest.fixture
def candidate(
    place: Place, aws: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Card]:
    """An untrained version of lm, not in production, on the site that the command finds."""
    network, files = fresh(), toy_content()
    manifest, content = store.describe(ORIGIN, files), saved(network)
    store.publish(place.buckets.data, manifest, files, "r")
    made = card(network, content, data=manifest.version)
    Registry(place.buckets.registry, "lm").register(made, content)
    found = site.Site(environment="local", file=place.file, variables=aws, root=tmp_path, logs=tmp_path)
    home = Home(tmp_path / "home")
    monkeypatch.setenv("DATAHALL_HOME", str(home.root))
    monkeypatch.setattr(site, "find", lambda _context: found)
    yield made
    for service in processes.services(home.services, "local"):
        processes.stop(service, home.services)


def test_a_version_is_served_and_goes_on_from_prompts(
    candidate: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    port = ports.any_free()
    serve = ("serve", "lm", "--port", str(port), "--json")
    assert cli.run(serve) == 2
    assert "lm: has no version in production" in capsys.readouterr().err
    assert cli.run(["models", "promote", "lm"]) == 0
    capsys.readouterr()
    assert cli.run(serve) == 0
    first = json.loads(capsys.readouterr().out)
    url = f"http://127.0.0.1:{port}"
    assert (first["started"], first["service"]["url"]) == (True, url)
    assert first["service"]["model_version"] == candidate.version
    assert cli.run(serve) == 0
    assert json.loads(capsys.readouterr().out) == {**first, "started": False}
    assert cli.run(["status", "local", "--json"]) == 0
    pid = first["service"]["pid"]
    assert json.loads(capsys.readouterr().out)["services"] == [
        {"name": "lm", "url": url, "pid": pid, "ready": True}
    ]
    asked = {
        "instances": ["the cat"],
        "parameters": {"max_tokens": 20, "temperature": 1.0, "seed": 7},
    }
    with httpx.Client(base_url=url, timeout=20) as http:
        said, again = (http.post("/predict", json=asked) for _ in range(2))
        other = http.post("/predict", json={**asked, "parameters": {"max_tokens": 20, "temperature": 1.0}})
        refused = http.post("/predict", json={**asked, "parameters": {"temperature": "hot"}})
    assert said.status_code == 200
    assert said.json()["model"] == {"name": "lm", "version": candidate.version}
    assert said.json()["predictions"][0]["answer"]
    assert again.json() == said.json() != other.json()
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "parameters.temperature")
