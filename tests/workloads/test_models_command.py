"""`datahall models promote` and `train --smoke` as typed, on a site of the test's own; nothing is trained."""

import json
from pathlib import Path

import pytest

from datahall import cli, programs, site
from tests.workloads.conftest import Place
from tests.workloads.made import ORIGIN, card, toy_content
from workloads.data import store
from workloads.registry.card import Card
from workloads.registry.store import Registry


@pytest.fixture
def small(place: Place, aws: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Card:
    """A version of mnist that `--smoke` trained, on the site that the command finds."""
    content = toy_content()
    manifest = store.describe(ORIGIN, content)
    store.publish(place.buckets.data, manifest, content, "r")
    made = card(data=manifest.version).model_copy(update={"smoke": True})
    Registry(place.buckets.registry, "mnist").register(made, b"weights")
    found = site.Site(environment="local", file=place.file, variables=aws, root=tmp_path, logs=tmp_path)
    monkeypatch.setenv("DATAHALL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(site, "find", lambda _context: found)
    return made


def test_what_smoke_trained_is_refused_unless_it_is_asked_for(
    small: Card, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = Registry(place.buckets.registry, "mnist")
    for named in ((), (small.version,)):
        assert cli.run(["models", "promote", "mnist", *named]) == 2
        told = capsys.readouterr().err
        assert f"mnist {small.version}: was trained by --smoke" in told
        assert "give --smoke to promote it all the same" in told
        assert [version.stage for version in registry.versions()] == ["candidate"]
    assert cli.run(["models", "promote", "mnist", small.version, "--smoke", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "promoted"
    assert [version.stage for version in registry.versions()] == ["production"]


def test_training_by_smoke_leaves_production_as_it_is(
    small: Card, place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = programs.Trained(version=small.version, metrics={}, skipped=False)
    monkeypatch.setattr(programs, "collect", lambda *_: None)
    monkeypatch.setattr(programs, "train", lambda *_, **__: trained)
    assert cli.run(["train", "mnist", "--smoke", "--json"]) == 0
    promotion = json.loads(capsys.readouterr().out)["promotion"]
    assert promotion["outcome"] == "skipped"
    assert f"datahall models promote mnist {small.version} --smoke" in promotion["reason"]
    (version,) = Registry(place.buckets.registry, "mnist").versions()
    assert version.stage == "candidate"
