"""The registry: what is registered, promoted, refused, and found to be tampered with."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.workloads.conftest import Place
from tests.workloads.made import ORIGIN, card, toy_content
from workloads import command
from workloads.data import store
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.models.table import MODELS
from workloads.registry.__main__ import main
from workloads.registry.card import Card
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.registry.verify import verify
from workloads.training.card import card_of
from workloads.training.plan import make_plan


@pytest.fixture
def registry(place: Place) -> Registry:
    return Registry(place.buckets.registry, "mnist")


@pytest.fixture
def data(place: Place) -> str:
    """A data set that the cards may name."""
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    store.publish(place.buckets.data, manifest, files, "r")
    return manifest.version


def stages(registry: Registry) -> dict[str, str]:
    return {v.card.version: v.stage for v in registry.versions()}


def test_a_version_is_its_weights_data_metrics_and_configuration() -> None:
    base = card().version
    assert card(run="another-run").version == base
    for other in (card(weights=b"other"), card(data="other"), card(accuracy=0.9)):
        assert other.version != base


def test_what_is_registered_is_a_candidate_once(registry: Registry) -> None:
    assert registry.register(card(), b"weights") == "candidate"
    assert registry.register(card(run="ba9876543210"), b"weights") == "candidate"
    assert stages(registry) == {card().version: "candidate"}
    assert registry.version_of_run("0123456789ab") == registry.version_of_run("ba9876543210")
    assert registry.version_of_run("000000000000") is None


def test_what_a_killed_registration_left_is_taken_over(registry: Registry, place: Place) -> None:
    first = card(run="first")
    body = json.dumps(first.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()
    key = f"models/mnist/{first.version}/card.json"
    place.buckets.registry.put(key, body, content_type="application/json")
    registry.register(card(run="second"), b"weights")
    assert [v.card.lineage.run for v in registry.versions()] == ["first"]
    assert verify(registry).versions == 1


def test_promotion_moves_production(registry: Registry, place: Place, data: str) -> None:
    old, new = card(data=data, accuracy=0.965), card(data=data, accuracy=0.98, weights=b"new")
    for candidate, weights in ((old, b"weights"), (new, b"new")):
        registry.register(candidate, weights)
        assert not promote(registry, place.buckets, None).failed
    assert stages(registry) == {old.version: "archived", new.version: "production"}
    assert registry.production().version == new.version
    assert promote(registry, place.buckets, None).findings == ()
    assert verify(registry).entries == 4


def test_a_refusal_gives_every_reason_and_changes_nothing(
    registry: Registry, place: Place, data: str
) -> None:
    good, bad = card(data=data, accuracy=0.99), card(data="000000000000", accuracy=0.5, licence="")
    registry.register(good, b"weights")
    promote(registry, place.buckets, good.version)
    registry.register(bad, b"weights")
    place.forget_hash(place.site.registry_bucket, f"models/mnist/{bad.version}/model.safetensors", b"evil")
    outcome = promote(registry, place.buckets, bad.version)
    assert [finding.rule for finding in outcome.failed] == [
        "weights intact",
        "card complete",
        "data known",
        "accuracy at least 0.96",
        "accuracy not worse than production",
    ]
    assert registry.production().version == good.version
    last = registry.log.entries()[-1]
    assert (last.action, last.subject.version, len(last.detail)) == ("refused", bad.version, 5)


def test_of_two_writers_one_is_told(registry: Registry) -> None:
    registry.register(card(), b"weights")
    head = registry.log.head()
    assert head is not None
    assert registry.log.append(head, "promoted", head.subject, production=head.subject)
    assert not registry.log.append(head, "refused", head.subject, production=None)
    assert registry.production() == head.subject


def test_nothing_in_production_is_told(registry: Registry) -> None:
    with pytest.raises(InvalidInputError, match="must have a version in production"):
        registry.production()
    registry.register(card(), b"weights")
    with pytest.raises(InvalidInputError, match="registry promote mnist"):
        registry.production()


def test_an_unknown_version_is_told_with_those_there_are(registry: Registry, place: Place) -> None:
    with pytest.raises(InvalidInputError, match="must have a registered version"):
        promote(registry, place.buckets, None)
    registry.register(card(), b"weights")
    with pytest.raises(InvalidInputError, match=card().version):
        promote(registry, place.buckets, "ffffffffffff")


def change_entry(place: Place, number: int, change: Callable[[dict[str, Any]], None]) -> None:
    bucket, key = place.buckets.registry, f"models/mnist/audit/{number:08d}.json"
    entry = json.loads(bucket.get(key) or b"{}")
    change(entry)
    bucket.put(key, json.dumps(entry).encode(), content_type="application/json")


def rewrite(entry: dict[str, Any]) -> None:
    """As one who knows the format would: the entry's own hash fits again."""
    from workloads.registry.audit import Entry

    entry["actor"] = "somebody@else"
    raw = {name: value for name, value in entry.items() if name != "hash"}
    entry["hash"] = Entry.model_validate(raw).hash


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda entry: entry.update(actor="somebody@else"), "must be unchanged"),
        (lambda entry: entry.update(sequence=9), "must be unchanged"),
        (lambda entry: entry.pop("time"), "field required"),
        (rewrite, "must hold the hash of the entry before it"),
    ],
)
def test_a_changed_entry_is_found(
    registry: Registry, place: Place, change: Callable[[dict[str, Any]], None], rule: str
) -> None:
    for weights in (b"one", b"two", b"three"):
        registry.register(card(weights=weights), weights)
    change_entry(place, 2, change)
    with pytest.raises(InvalidInputError) as caught:
        verify(registry)
    assert rule in caught.value.rule


def test_a_removed_entry_is_found(registry: Registry, place: Place) -> None:
    for weights in (b"one", b"two", b"three"):
        registry.register(card(weights=weights), weights)
    head = verify(registry).head
    assert verify(registry, head).entries == 3
    place.buckets.registry.delete("models/mnist/audit/00000003.json")
    with pytest.raises(CorruptDataError, match="removed or rewritten"):
        verify(registry, head)
    place.buckets.registry.delete("models/mnist/audit/00000001.json")
    with pytest.raises(CorruptDataError, match="must follow entry 0"):
        verify(registry)


def test_an_entry_that_is_no_json_is_told(registry: Registry, place: Place) -> None:
    registry.register(card(), b"weights")
    place.buckets.registry.put("models/mnist/audit/00000001.json", b"<xml/>", content_type="text/xml")
    with pytest.raises(CorruptDataError, match="must be a JSON object"):
        registry.versions()


@pytest.mark.parametrize("file", ["card.json", "model.safetensors"])
def test_a_changed_file_is_found(registry: Registry, place: Place, file: str) -> None:
    registry.register(card(), b"weights")
    key = f"models/mnist/{card().version}/{file}"
    place.buckets.registry.put(key, b"{}", content_type="application/json")
    with pytest.raises(CorruptDataError, match=file):
        verify(registry)
    place.buckets.registry.delete(key)
    with pytest.raises(CorruptDataError, match="missing"):
        verify(registry)


def test_a_card_says_what_a_reader_needs() -> None:
    text = card().markdown()
    for fact in ("0.97", "CC0-1.0", "bb61fb497017", card().weights.sha256, "0123456789ab"):
        assert fact in text


def test_a_card_names_what_is_empty() -> None:
    bare = Card.model_validate({**card().model_dump(), "metrics": {}, "title": ""})
    assert bare.empty_fields() == ["title", "metrics"]


def tell(capsys: pytest.CaptureFixture[str], place: Place, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = command.run(main, [*arguments, "--site", str(place.file), "--json"])
    event: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, event


def test_the_program_lists_shows_promotes_and_verifies(
    registry: Registry, place: Place, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = card(data=data), card(data=data, accuracy=0.5)
    assert tell(capsys, place, "list") == (0, {"event": "models", "models": []})
    registry.register(good, b"weights")
    code, promoted = tell(capsys, place, "promote", "mnist")
    assert (code, promoted["event"], promoted["version"]) == (0, "promoted", good.version)
    assert all(finding["passed"] for finding in promoted["gate"])
    registry.register(bad, b"weights")
    code, refused = tell(capsys, place, "promote", "mnist", bad.version)
    assert (code, refused["event"], len(refused["reasons"])) == (1, "refused", 2)
    _, listed = tell(capsys, place, "list", "mnist")
    assert [(m["version"], m["stage"]) for m in listed["models"]] == [
        (good.version, "production"),
        (bad.version, "candidate"),
    ]
    code, shown = tell(capsys, place, "show", "mnist")
    assert (shown["version"], shown["metrics"]) == (good.version, {"accuracy": 0.97})
    assert [h["action"] for h in shown["history"]] == ["registered", "promoted"]
    code, skipped = tell(capsys, place, "promote", "mnist", good.version)
    assert (code, skipped["event"]) == (0, "skipped")
    code, verified = tell(capsys, place, "verify", "mnist")
    assert (code, verified["entries"], verified["versions"]) == (0, 4, 2)
    code, error = tell(capsys, place, "show", "mnist", "ffffffffffff")
    assert (code, error["event"], error["field"]) == (2, "error", "version")


def test_what_smoke_trained_is_not_promoted_unless_it_is_asked_for_by_name(
    registry: Registry, place: Place, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good, small = card(data=data), card(data=data, accuracy=0.99).model_copy(update={"smoke": True})
    registry.register(good, b"weights")
    assert tell(capsys, place, "promote", "mnist")[0] == 0
    registry.register(small, b"weights")
    for named in ((), (small.version,)):
        code, error = tell(capsys, place, "promote", "mnist", *named)
        assert (code, error["field"]) == (2, "version")
        assert "was trained by --smoke" in error["rule"]
    assert registry.production().version == good.version
    assert len(registry.log.entries()) == 3  # the refusal is no judgement of the gate
    code, promoted = tell(capsys, place, "promote", "mnist", small.version, "--smoke")
    assert (code, promoted["version"]) == (0, small.version)
    assert "(--smoke)" in small.markdown()


def test_a_smoke_run_is_another_run_than_one_of_the_same_settings(place: Place, data: str) -> None:
    small = MODELS["mnist"].smaller()
    small = replace(small, training=small.training.model_copy(update={"batch_size": 8}))
    same = replace(MODELS["mnist"], training=small.training, config=small.config, data=small.data)
    one, other = (make_plan(spec, f"toy@{data}", place.buckets, 1) for spec in (small, same))
    assert one.configs() == other.configs()
    assert one.run != other.run
    assert card_of(one, {}, b"", 1).smoke
    assert card_of(other, {}, b"", 1).smoke is None


def test_the_program_writes_for_people_too(
    registry: Registry, place: Place, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.register(card(data=data), b"weights")
    for action in (["promote", "mnist"], ["list"], ["show", "mnist"], ["verify", "mnist"]):
        assert command.run(main, [*action, "--site", str(place.file)]) == 0
    out = capsys.readouterr().out
    assert f"promoted mnist {card(data=data).version} to production" in out
    assert "accuracy 0.97" in out
    assert "Stage: production" in out
    assert "2 entries and 1 versions are whole" in out
