"""What reads texts, and the recommender: compressed, judged against the parent, refused, served."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.workloads.conftest import Place
from tests.workloads.test_serving import start, wait_ready
from tests.workloads.toy import Told, run
from workloads import command
from workloads.asking.said import Said
from workloads.asking.version import Loaded, load_version
from workloads.compression.__main__ import main
from workloads.data import store
from workloads.data.put import put
from workloads.data.table import DATASETS
from workloads.judging.judgement import opened
from workloads.models.spec import ModelSpec, load
from workloads.models.table import MODELS
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE

pytestmark = [pytest.mark.train, pytest.mark.usefixtures("one_thread", "_offline")]

SENTIMENT, CHATBOT = (pytest.mark.xdist_group(f"compressed {name}") for name in ("sentiment", "chatbot"))
"""Those that share a parent run in one process."""

Compress = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def trained(place: Place, spec: ModelSpec) -> str:
    """The version of a model that was just trained, in fp32."""
    put(place.buckets.data, DATASETS[spec.dataset], None)
    spec = replace(spec, training=spec.training.model_copy(update={"precision": "fp32"}))
    told = Told()
    run(make_plan(spec, None, place.buckets, 1), place.buckets, ALONE, told)
    return str(told.events[-1][1]["version"])


@pytest.fixture(scope="module")
def parents(new_place: Callable[[], Place]) -> Callable[[str], tuple[Place, str]]:
    """Trains a smoke model once, at a site of its own."""

    @cache
    def parent(model: str) -> tuple[Place, str]:
        place = new_place()
        return place, trained(place, MODELS[model].smaller())

    return parent


def compresses(place: Place, capsys: pytest.CaptureFixture[str], model: str, parent: str) -> Compress:
    """Compresses that version; the exit code and the events."""

    def once(*arguments: object) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        line = [model, "--version", parent, "--site", str(place.file), *map(str, arguments)]
        code = command.run(main, [*line, "--events=json"])
        return code, [json.loads(event) for event in capsys.readouterr().out.splitlines()]

    return once


def registered(place: Place, model: str, version: str) -> tuple[Loaded, dict[str, float]]:
    """A version as it is loaded, and what it is worth when it is judged again."""
    registry = Registry(place.buckets.registry, model)
    card = registry.card(registry.pinned(version))
    loaded = load_version(MODELS[model], card, registry.weights(card))
    files = store.load(
        place.buckets.data, store.find(place.buckets.data, card.dataset.name, card.dataset.version)
    )
    task, _ = opened(loaded, files)
    assert task.judge(loaded.network, ALONE) == card.metrics
    assert card.compression is not None
    assert card.compression.measured["child"]["bytes"] == card.weights.size
    return loaded, card.compression.measured["child"]


def said(loaded: Loaded, question: str) -> Said:
    (answer,) = load(str(loaded.spec.answer))(loaded)([question])
    assert isinstance(answer, Said)
    return answer


def served(place: Place, model: str, version: str, question: str) -> str:
    """What a server says to it, whose version that is then in production."""
    registry = Registry(place.buckets.registry, model)
    assert not promote(registry, place.buckets, version, smoke=True).failed
    process, port = start(place, model=model)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        wait_ready(http, seconds=120)
        answer = http.post("/predict", json={"instances": [question]}).json()
    process.terminate()
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert answer["model"]["version"] == version
    return str(answer["predictions"][0]["answer"])


@pytest.mark.parametrize(
    ("model", "question", "answer"),
    [
        pytest.param(
            "sentiment", "As a gift, the stove never worked. I want a refund.", "negative", marks=SENTIMENT
        ),
        pytest.param("chatbot", "Could you tell me where my parcel is?", "track", marks=CHATBOT),
    ],
)
def test_a_bert_is_pruned_taught_and_put_into_eight_bits_within_the_budget_and_served(
    parents: Callable[[str], tuple[Place, str]],
    capsys: pytest.CaptureFixture[str],
    model: str,
    question: str,
    answer: str,
) -> None:
    place, parent_version = parents(model)
    compress = compresses(place, capsys, model, parent_version)
    budget = ("--quality-lost", 0.1, "--register")
    code, events = compress("--steps", "prune:0.2,distil:1,int8", "--size-won", 0.7, *budget)
    assert (code, [event["event"] for event in events]) == (0, ["compressed", "registered"]), events
    loaded, measured = registered(place, model, events[1]["version"])
    assert loaded.form == "onnx"
    parent = events[0]["measured"]["as it is"]
    assert measured["bytes"] < 0.3 * parent["bytes"]
    hidden = json.loads(events[0]["config"]["architecture"])["intermediate_size"]
    assert hidden == round(0.8 * 1536)
    assert answer in said(loaded, question).text

    code, events = compress("--steps", "int8-torchao", "--size-won", 0.3, *budget)
    assert (code, [event["event"] for event in events]) == (0, ["compressed", "registered"]), events
    loaded, _ = registered(place, model, events[1]["version"])
    assert loaded.form == "int8-torchao"
    here = said(loaded, question).text
    assert answer in here
    assert served(place, model, events[1]["version"], question) == here


@pytest.mark.parametrize(
    "model", [pytest.param("sentiment", marks=SENTIMENT), pytest.param("chatbot", marks=CHATBOT)]
)
def test_a_bert_that_lost_too_much_or_won_too_little_is_refused_and_the_best_is_chosen(
    parents: Callable[[str], tuple[Place, str]],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    model: str,
) -> None:
    place, parent_version = parents(model)
    registry = Registry(place.buckets.registry, model)
    before = [version.card.version for version in registry.versions()]
    compress = compresses(place, capsys, model, parent_version)
    code, (event,) = compress("--steps", "sparse:0.9", "--out", tmp_path, "--register")
    assert (code, event["event"]) == (1, "refused")
    first = MODELS[model].kept[0].name
    assert any(f"of {first} (" in reason for reason in event["reasons"])
    code, (event,) = compress("--steps", "bf16", "--size-won", 0.6, "--quality-lost", 0.1, "--register")
    assert (code, event["event"]) == (1, "refused")
    assert event["reasons"] == ["is 49.7% smaller, 60.0% is asked for"]
    assert list(tmp_path.iterdir()) == []
    assert [version.card.version for version in registry.versions()] == before

    code, events = compress("--best", "--quality-lost", 0.1, "--size-won", 0.3, "--out", tmp_path)
    assert code == 0, events
    found, chosen = events[0]["measured"], events[0]["steps"]
    assert found.keys() == {"as it is", "bf16", "onnx", "int8", "int8-torchao"}
    limit = found["as it is"]["bytes"] * 0.7
    fit = {name: one["latency_ms"] for name, one in found.items() if one["bytes"] <= limit}
    assert chosen in fit
    kept = {name for name in fit if found[name][first] >= found["as it is"][first] - 0.1}
    assert fit[chosen] <= min(fit[name] for name in kept)


def test_a_recommender_in_eight_bits_by_torchao_is_judged_registered_and_served(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    compress = compresses(place, capsys, "recommender", trained(place, MODELS["recommender"]))
    code, events = compress("--steps", "int8-torchao", "--size-won", 0.05, "--register")
    assert (code, [event["event"] for event in events]) == (0, ["compressed", "registered"]), events
    loaded, measured = registered(place, "recommender", events[1]["version"])
    assert loaded.form == "int8-torchao"
    assert measured["recall_at_10"] > 0
    here = said(loaded, "17").text
    assert len(here.split(", ")) == 10
    assert served(place, "recommender", events[1]["version"], "17") == here
    code, (event,) = compress("--steps", "int8-torchao,sparse:0.95", "--register")
    assert (code, event["event"]) == (1, "refused")
