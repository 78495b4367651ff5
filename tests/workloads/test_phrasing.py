"""Phrasing: what keeps to a passage and what strays, checkpoints as phrasers, and a chat bot that has one."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from safetensors.torch import save
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tests.workloads.conftest import Place
from tests.workloads.made import card
from tests.workloads.test_serving import start, wait_ready
from tests.workloads.toy import Told
from workloads import command
from workloads.asking.__main__ import main as ask
from workloads.asking.said import Said
from workloads.data.put import put
from workloads.data.support_made import KNOWN
from workloads.data.table import DATASETS
from workloads.errors import InvalidInputError
from workloads.judging.__main__ import main as judge
from workloads.models.lm.config import LMConfig
from workloads.models.lm.network import Transformer
from workloads.models.lm.tokenizer import END, open_tokenizer, train_tokenizer
from workloads.models.table import MODELS
from workloads.phrasing.__main__ import main
from workloads.phrasing.checkpoint import open_checkpoint
from workloads.phrasing.ground import strayed
from workloads.phrasing.opened import open_phraser
from workloads.phrasing.phraser import UnsaidError, phrased, prompt
from workloads.registry.card import Configs
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE
from workloads.training.run import run
from workloads.training.stop import Stop

pytestmark = pytest.mark.usefixtures("one_thread", "_offline")

COSTS = "Delivery is free from 50 euros; below that it costs 4.90 euros."


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (COSTS, None),
        ("Thank you for asking! The delivery is free from 50 euros. Below, it costs 4.90 euros.", None),
        ("Hello, delivery free from 50 euros, below that costs 4.90 euros - happy to help", "'-' was added"),
        ("Delivery is free from 30 euros; below that it costs 4.90 euros.", "'30' in place of '50'"),
        ("Delivery is free from 50 euros; below that it costs 4.95 euros.", "'4.95' in place of '4.90'"),
        ("Delivery is not free from 50 euros; below that it costs 4.90 euros.", "'not' in place of 'free'"),
        ("Delivery is free from 4.90 euros; below that it costs 50 euros.", "'4.90' in place of '50'"),
        ("Delivery is free from 50 euros.", "'below' was left out"),
        (f"{COSTS} Returns are free.", "'returns' was added"),
        (f"Yes. {COSTS}", "'yes' in place of 'delivery'"),
        ("Thank you for asking!", "it says nothing"),
        ("", "it says nothing"),
    ],
)
def test_only_courtesy_may_be_added(text: str, reason: str | None) -> None:
    assert strayed(COSTS, text) == reason


@dataclass(frozen=True)
class Fixed:
    """Says the same each time, after a while."""

    said: str
    takes: float = 0.0
    name: str = "fixed"
    seconds: float = 0.05

    def say(self, question: str, passage: str, until: float) -> str:
        time.sleep(self.takes)
        if not self.said:
            raise UnsaidError("it has not the places")
        return self.said


@pytest.mark.parametrize(
    ("phraser", "note"),
    [
        (Fixed("Delivery is free."), "the passage itself: the phrasing strayed, 'from' was left out"),
        (Fixed(COSTS, takes=0.06), "the passage itself: 0.05 s were over"),
        (Fixed(""), "the passage itself: it has not the places"),
    ],
)
def test_what_strays_or_is_late_is_the_passage_and_says_so(phraser: Fixed, note: str) -> None:
    assert phrased(phraser, "?", COSTS, time.monotonic() + phraser.seconds) == Said(COSTS, "passage", note)
    good = Fixed(f"Thank you. {COSTS}")
    assert phrased(good, "?", COSTS, time.monotonic() + 5) == Said(good.said, "phrased", "phrased by fixed")
    assert phrased(good, "?", COSTS, time.monotonic()).how == "passage"  # others had the time


def checkpoint(folder: Path, *, steps: int = 0) -> Path:
    """A small Llama; taught for `steps` to repeat with courtesy."""
    lines = [
        f"{prompt(question, passage)} Thank you for asking. {passage}\n"
        for passage, asked in KNOWN
        for question in asked
    ]
    bpe = open_tokenizer(train_tokenizer(lines, 600))
    wrap: Any = PreTrainedTokenizerFast
    tokenizer = wrap(tokenizer_object=bpe, eos_token=END)
    torch.manual_seed(0)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=160,
            eos_token_id=0,
        )
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    rows = [torch.tensor(tokenizer(line)["input_ids"]) for line in lines]
    tokens = pad_sequence(rows, batch_first=True, padding_value=-100)
    for step in range(steps):
        part = tokens[step % 4 :: 4]
        logits = network(part.clamp(min=0)).logits[:, :-1]
        loss = cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_checkpoint_keeps_to_its_time_and_is_named_by_its_files(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "llama")
    one, same = (open_checkpoint(str(folder), 20, 5.0) for _ in range(2))
    assert one.digest == same.digest
    question, passage = KNOWN[0][1][0], KNOWN[0][0]
    assert phrased(one, question, passage, time.monotonic() + 5).how == "passage"  # it has learnt nothing
    began = time.monotonic()
    slow = open_checkpoint(str(folder), 100, 0.02)
    took = time.monotonic() - began
    began = time.monotonic()
    assert phrased(slow, question, passage, began + 0.02).note.endswith("0.02 s were over")
    assert time.monotonic() - began < 2 + took
    with pytest.raises(UnsaidError, match="places for 160"):
        open_checkpoint(str(folder), 150, 5.0).say(question, passage, time.monotonic() + 5)
    (folder / "generation_config.json").write_text('{"eos_token_id": 0, "repetition_penalty": 2.0}')
    assert open_checkpoint(str(folder), 20, 5.0).digest != one.digest
    (folder / "model.safetensors").unlink()
    with pytest.raises(InvalidInputError, match="weights as safetensors"):
        open_checkpoint(str(folder), 20, 5.0)
    with pytest.raises(InvalidInputError, match="must be there"):
        open_checkpoint("nobody/nothing", 20, 5.0)


@pytest.mark.train
def test_a_registered_lm_phrases_what_it_was_taught(place: Place) -> None:
    """It knows one exchange by heart, and keeps to no other passage."""
    (passage, (question, *_)), (other, _), *_ = KNOWN
    text = f"{prompt(question, passage)} Thank you for asking. {passage}\n"
    trained = train_tokenizer([text] * 2, 280)
    shape = LMConfig(vocabulary=280, dim=64, layers=2, heads=4, kv_heads=2, hidden=176)
    torch.manual_seed(0)
    network = Transformer(shape)
    end = open_tokenizer(trained).token_to_id(END)
    tokens = torch.tensor([[end, *open_tokenizer(trained).encode(text).ids]])
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(80):
        loss = cross_entropy(network(tokens)[0, :-1], tokens[0, 1:])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    weights = save(network.state_dict(), metadata={"tokenizer.json": trained})
    config = Configs(model=shape.model_dump(), training={"epochs": 1}, data={"context": 320})
    made = card(weights=weights).model_copy(update={"model": "lm", "config": config})
    Registry(place.buckets.registry, "lm").register(made, weights)
    phraser = open_phraser(f"lm:{made.version}", place.buckets.registry, 120, 20.0)
    assert phraser.digest == made.weights.sha256
    said = phrased(phraser, question, passage, time.monotonic() + 20)
    assert said == Said(f"Thank you for asking. {passage}", "phrased", f"phrased by lm:{made.version}")
    assert phrased(phraser, question, other, time.monotonic() + 20).how == "passage"
    with pytest.raises(UnsaidError, match="places for 320"):
        phraser.say(question * 30, passage, time.monotonic() + 20)


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.train
def test_a_phrased_version_is_asked_judged_and_served(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(place.buckets.data, DATASETS["support-made"], None)
    run(make_plan(MODELS["chatbot"].smaller(), None, place.buckets, 1), place.buckets, ALONE, Told(), Stop())
    registry = Registry(place.buckets.registry, "chatbot")
    parent = promote(registry, place.buckets, None, smoke=True).version
    site = ["--site", str(place.file), "--events", "json"]
    idle = str(checkpoint(tmp_path / "idle"))
    assert command.run(main, ["chatbot", "--by", idle, *site]) == 1
    (refused,) = events(capsys)
    assert refused["kept_facts"] == 0
    assert len(registry.versions()) == 1
    assert command.run(main, ["chatbot", "--by", "lm:0123456789ab", *site]) == 2
    assert command.run(main, ["mnist", "--by", idle, *site]) == 2
    capsys.readouterr()

    by = str(checkpoint(tmp_path / "taught", steps=60))
    assert command.run(main, ["chatbot", "--by", by, "--seconds", "5", *site]) == 0
    told, registered = events(capsys)
    assert told["kept_facts"] >= 0.5
    version = registered["version"]
    child = registry.card(registry.pinned(version))
    assert version != parent
    assert child.phrasing is not None
    assert child.phrasing.digest in child.markdown()
    assert not promote(registry, place.buckets, version, smoke=True).failed
    assert command.run(main, ["chatbot", "--by", by, *site]) == 2  # it is phrased already
    assert events(capsys)[-1]["field"] == "version"

    assert command.run(ask, ["chatbot", "How long is the guarantee?", *site]) == 0
    (said,) = events(capsys)
    assert said["how"] in ("phrased", "passage")
    assert command.run(judge, ["chatbot", "--report", str(tmp_path / "report"), *site]) == 0
    (judged,) = events(capsys)
    assert judged["phrasing"]["kept_facts"] == told["kept_facts"]

    process, port = start(place, model="chatbot")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        wait_ready(http, seconds=120)
        asked = {"instances": ["How long is the guarantee?", "Which planet is the largest?"]}
        answers = http.post("/v1/models/chatbot:predict", json=asked).json()
        blank = http.post("/predict", json={"instances": [" "]})
    process.terminate()
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert answers["model"]["version"] == version
    assert answers["predictions"][0] == {name: said[name] for name in ("answer", "how", "note")}
    assert answers["predictions"][1]["how"] == "refused"
    assert (blank.status_code, blank.json()["error"]["field"]) == (422, "instances[0]")

    (Path(by) / "generation_config.json").write_text('{"repetition_penalty": 9.0}')
    assert command.run(ask, ["chatbot", "How long is the guarantee?", *site]) == 2
    assert "must be what was registered" in events(capsys)[-1]["rule"]
