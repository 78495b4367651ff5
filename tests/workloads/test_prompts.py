"""A language model over HTTP: prompts, how they go on, and what is refused."""

import json
from typing import Any

import httpx
import pytest
import torch
from safetensors.torch import save
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import one_hot

from tests.workloads.conftest import Place
from tests.workloads.made import ORIGIN, toy_content
from tests.workloads.test_serving import start, wait_ready
from workloads.asking.onnx_network import attached
from workloads.asking.said import Said
from workloads.asking.sampling import MOST_TOKENS, Prompt, Sampling
from workloads.asking.version import Loaded
from workloads.compression.onnx import export, quantise
from workloads.data import store
from workloads.fingerprint import sha256
from workloads.models.lm.answer import open_answer
from workloads.models.lm.config import LMConfig
from workloads.models.lm.network import Transformer
from workloads.models.lm.tokenizer import END, train_tokenizer
from workloads.models.table import MODELS
from workloads.registry.card import Card, Configs, DatasetFacts, Lineage, WeightFacts, now
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.serving.form import objects
from workloads.serving.problem import ProblemError
from workloads.serving.prompts import Prompts

SHAPE = LMConfig(vocabulary=270, dim=32, layers=1, heads=2, kv_heads=1, hidden=48)
TEXTS = {"tokenizer.json": train_tokenizer(["the cat sat on the mat and the hat was flat " * 3] * 2, 270)}

pytestmark = [pytest.mark.xdist_group("serving"), pytest.mark.usefixtures("one_thread")]


def body(**members: object) -> bytes:
    return json.dumps(members).encode()


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"instances": ["a", " "]}, 422, "instances[1]"),
        ({"instances": ["a"], "parameters": []}, 422, "parameters"),
        ({"instances": ["a"], "parameters": {"top_k": 3}}, 422, "parameters.top_k"),
        ({"instances": ["a"], "parameters": {"seed": -1}}, 422, "parameters.seed"),
        ({"instances": ["a"], "parameters": {"max_tokens": "9"}}, 422, "parameters.max_tokens"),
        ({"instances": ["a"], "parameters": {"max_tokens": True}}, 422, "parameters.max_tokens"),
        ({"instances": ["a"], "parameters": {"temperature": -0.1}}, 422, "parameters.temperature"),
        ({"instances": ["a"] * 2, "parameters": {"max_tokens": MOST_TOKENS}}, 413, "parameters.max_tokens"),
        ({"instances": ["a"], "stream": True}, 422, "stream"),
    ],
)
def test_a_bad_request_is_refused_by_name(sent: dict[str, Any], status: int, field: str) -> None:
    with pytest.raises(ProblemError) as refused:
        Prompts().parse(body(**sent), 8)
    assert (refused.value.status, refused.value.field) == (status, field)
    assert refused.value.rule
    assert refused.value.fix


@pytest.mark.parametrize(
    "form",
    [
        "fp32",
        "bf16",
        pytest.param("onnx", marks=pytest.mark.train),
        pytest.param("int8", marks=pytest.mark.train),
    ],
)
def test_each_form_goes_on_from_a_prompt(form: str) -> None:
    network = fresh()
    made = card(network, b"")
    if form in ("onnx", "int8"):
        file = export(network, (torch.randint(0, 270, (2, 8)),))
        content = attached((quantise(file) if form == "int8" else file).content, TEXTS)
        made = made.model_copy(update={"weights": made.weights.model_copy(update={"file": "model.onnx"})})
    else:
        content = saved(network.bfloat16() if form == "bf16" else network)
    predict = Prompts().load(MODELS["lm"], made, content)
    sampled = Sampling(max_tokens=12, temperature=1.0, seed=4)
    one, again, other = (
        predict(objects([Prompt("the cat", each)]))[0]
        for each in (sampled, sampled, sampled.model_copy(update={"seed": 5}))
    )
    assert one == again != other


@pytest.mark.train
def test_it_is_served(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    network = fresh()
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    store.publish(place.buckets.data, manifest, files, "r")
    content = saved(network)
    registry = Registry(place.buckets.registry, "lm")
    registry.register(card(network, content, data=manifest.version), content)
    assert not promote(registry, place.buckets, None).failed
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text("t" * 20)
    token.chmod(0o600)
    process, port = start(place, "--token-file", token, model="lm")
    bearer = {"Authorization": f"Bearer {token.read_text()}"}
    texts = ["the cat", "the hat"]
    asked = {"instances": texts, "parameters": {"max_tokens": 5, "temperature": 1, "seed": 3}}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, headers=bearer) as http:
        wait_ready(http)
        first, again = (http.post("/v1/models/lm:predict", json=asked).json() for _ in range(2))
        unknown = http.post("/predict", json={"instances": ["a"], "parameters": {"top_k": 1}})
        nobody = http.post("/predict", json=asked, headers={"Authorization": "Bearer no"})
        told = http.get("/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]
    process.terminate()
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()
    here = Prompts().load(MODELS["lm"], card(network, content), content)
    sampling = Sampling(max_tokens=5, temperature=1.0, seed=3)
    expected = here(objects([Prompt(text, sampling) for text in texts]))
    assert first["predictions"] == [{"answer": text} for text in expected]
    assert again == first
    assert (unknown.status_code, unknown.json()["error"]["field"]) == (422, "parameters.top_k")
    assert nobody.status_code == 401
    schema = told["content"]["application/json"]["schema"]["properties"]["parameters"]
    assert set(schema["properties"]) == {"max_tokens", "temperature", "seed"}


@pytest.mark.parametrize(("token", "blank"), [("<end>", True), ("\u0120", True), ("a", False)])
def test_an_answer_of_which_nothing_is_seen_says_so(token: str, blank: bool) -> None:
    """As a model gives that has learnt little: the most frequent token each time, or its end at once."""

    class Always(nn.Module):
        def forward(self, tokens: Tensor) -> Tensor:
            known = Tokenizer.from_str(TEXTS["tokenizer.json"]).get_vocab()
            return one_hot(torch.full(tokens.shape, known[END if token == "<end>" else token]), 270).float()

    loaded = Loaded(MODELS["lm"], card(fresh(), b""), Always(), TEXTS)
    (said,) = open_answer(loaded)(["the cat"])
    assert isinstance(said, Said)
    assert (said.text.strip() == "") is blank
    assert bool(said.note) is blank


def fresh() -> Transformer:
    torch.manual_seed(0)
    return Transformer(SHAPE).eval()


def saved(network: Transformer) -> bytes:
    return save(dict(network.state_dict()), metadata={"format": "pt", **TEXTS})


def card(network: Transformer, weights: bytes, data: str = "bb61fb497017") -> Card:
    """Of an untrained model, as if it had been trained well."""
    return Card(
        model="lm",
        title="untrained",
        created=now(),
        metrics={"bits_per_byte": 2.0, "perplexity": 9.0},
        dataset=DatasetFacts(
            name="toy", version=data, source="here", licence="CC0-1.0", records={"train": 1}
        ),
        config=Configs(model=network.config.model_dump(), training={"epochs": 1}, data={"context": 16}),
        lineage=Lineage(run="run", code="code", world_size=1, torch=torch.__version__),
        weights=WeightFacts(sha256=sha256(weights), size=len(weights), parameters=1),
    )
