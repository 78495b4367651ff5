"""`lm` from raw texts to an answer over HTTP, learnt from a stream by processes that are killed: minutes."""

import json
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics

import httpx
import pytest
import yaml

from tests.workloads.conftest import Place
from tests.workloads.test_distributed import killed, losses, told, torchrun
from tests.workloads.test_serving import start, wait_ready
from workloads.asking.sampling import Prompt, Sampling
from workloads.events import silent
from workloads.models.table import MODELS
from workloads.pipeline.__main__ import main as make_data
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.serving.form import objects
from workloads.serving.prompts import Prompts

pytestmark = [pytest.mark.train, pytest.mark.timeout(600), pytest.mark.xdist_group("serving")]

LEARNT = ("--smoke", "--epochs", "3", "--batch-size", "16", "--deterministic", "true", "--save-every", "16")
STREAMED = ("--data", "topics", "--stream", "true", "--stream-buffer", "256")


def test_from_raw_texts_to_an_answer(new_place: Callable[[], Place], tmp_path: Path) -> None:
    (tmp_path / "raw.jsonl").write_text(
        "".join(f"{json.dumps({'text': text})}\n" for _, text in sorted(topics.items()))
    )
    recipe = tmp_path / "recipe.yaml"
    source = {"kind": "files", "path": str(tmp_path), "pattern": "*.jsonl"}
    recipe.write_text(
        yaml.safe_dump(
            {
                "name": "topics",
                "source": "CPython's pydoc_data.topics",
                "licence": "PSF-2.0",
                "collect": [source],
                "clean": {"max_chars": 100_000},
                "shard": {"records": 6, "held_out_of": 10},
            }
        )
    )
    whole, broken = new_place(), new_place()
    for place in (whole, broken):
        work = tmp_path / place.file.parent.name
        assert make_data(["run", str(recipe), "--work", str(work), "--site", str(place.file)], silent) == 0
    with torchrun(whole, 2, *LEARNT, *STREAMED, model="lm") as process:
        unbroken = losses(told(process))
    assert len(unbroken) == 3
    first = killed(broken, 2, *LEARNT, *STREAMED, model="lm", epochs=2)  # the first's state is kept by then
    with torchrun(broken, 2, *LEARNT, *STREAMED, model="lm") as process:
        second = told(process)
    assert process.returncode == 0
    assert [event["event"] for event in second].count("resumed") == 1
    # Two processes against one are 2e-3 apart by the second epoch: sums in another order, at this rate.
    assert {**first, **losses(second)} == unbroken
    registry = Registry(broken.buckets.registry, "lm")
    (version,), (same,) = (Registry(place.buckets.registry, "lm").versions() for place in (broken, whole))
    assert version.card.weights.sha256 == same.card.weights.sha256
    assert version.card.dataset.name == "topics"
    assert version.card.metrics["perplexity"] < 300  # guessing among 1,024 gives 1,024
    assert not promote(registry, broken.buckets, None, smoke=True).failed
    process, port = start(broken, model="lm")
    sampling = {"max_tokens": 20, "temperature": 1.0, "seed": 3}
    asked = {"instances": ["The with statement"], "parameters": sampling}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        wait_ready(http, seconds=120)
        answered = http.post("/v1/models/lm:predict", json=asked).json()
    process.terminate()
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()
    here = Prompts().load(MODELS["lm"], version.card, registry.weights(version.card))
    prompt = Prompt("The with statement", Sampling.model_validate(sampling))
    (expected,) = here(objects([prompt]))
    assert expected
    assert answered["predictions"] == [{"answer": expected}]
