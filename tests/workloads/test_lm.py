"""The language model: its network, its tokenizer, its data, and a whole run that generates."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from tests.workloads.conftest import Place
from tests.workloads.toy import Told
from workloads.asking.version import load_version
from workloads.data import store, texts
from workloads.data.put import put
from workloads.data.table import DATASETS
from workloads.errors import InvalidInputError
from workloads.models.lm.blocks import in_blocks
from workloads.models.lm.config import LMConfig
from workloads.models.lm.network import Transformer, rotate, rotations
from workloads.models.lm.task import open_language
from workloads.models.lm.tokenizer import END, byte_lengths, open_tokenizer, train_tokenizer
from workloads.models.spec import load
from workloads.models.table import MODELS
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE
from workloads.training.run import run
from workloads.training.stop import Stop

TINY = LMConfig(vocabulary=300, dim=32, layers=2, heads=4, kv_heads=2, hidden=48)
WORDS = ["the cat sat on the mat and the hat was flat " * 3, "a dog, naïve ✓ and brave, ran away " * 3]


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def test_a_token_sees_only_those_before_it() -> None:
    network, tokens = Transformer(TINY).eval(), torch.randint(0, 300, (2, 12))
    changed = tokens.clone()
    changed[:, 7:] = (tokens[:, 7:] + 1) % 300
    one, other = network(tokens), network(changed)
    assert torch.allclose(one[:, :7], other[:, :7], atol=1e-6)
    assert not torch.allclose(one[:, 7:], other[:, 7:], atol=1e-3)


def test_attention_depends_on_how_far_not_on_where() -> None:
    turns = rotations(20, TINY, torch.device("cpu"))
    query, key = (torch.randn(1, 1, 1, TINY.head_dim).expand(1, 1, 20, TINY.head_dim) for _ in range(2))
    scores = (rotate(query, turns) @ rotate(key, turns).transpose(2, 3))[0, 0]
    assert scores[3, 1].item() == pytest.approx(scores[17, 15].item(), abs=1e-4)
    assert scores[3, 1].item() != pytest.approx(scores[3, 2].item(), abs=1e-3)


def test_a_pair_is_turned_as_a_complex_number_is() -> None:
    cos, sin = rotations(4, TINY, torch.device("cpu"), begin=3)
    heads = torch.randn(2, 3, 4, TINY.head_dim)
    pairs = torch.complex(*heads.chunk(2, dim=-1)) * torch.complex(
        *(part[:, cos.shape[1] // 2 :] for part in (cos, sin))
    )
    assert torch.allclose(rotate(heads, (cos, sin)), torch.cat([pairs.real, pairs.imag], dim=-1), atol=1e-6)


def test_recomputing_changes_no_gradient() -> None:
    plain = Transformer(TINY)
    again = Transformer(TINY.model_copy(update={"recompute": True}))
    again.load_state_dict(plain.state_dict())
    tokens = torch.randint(0, 300, (2, 8))
    for network in (plain, again):
        torch.autograd.backward(network(tokens).square().mean())
    pairs = zip(plain.parameters(), again.parameters(), strict=True)
    for one, other in pairs:
        assert one.grad is not None
        assert other.grad is not None
        assert torch.allclose(one.grad, other.grad, atol=1e-6)


@pytest.mark.parametrize("shape", [{"dim": 30, "heads": 4}, {"heads": 8, "kv_heads": 3}, {"vocabulary": 100}])
def test_shapes_that_make_no_network_are_refused(shape: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        LMConfig(**{**TINY.model_dump(), **shape})


def test_any_text_comes_back_from_its_tokens_and_training_repeats() -> None:
    trained = train_tokenizer(WORDS, 300)
    assert trained == train_tokenizer(WORDS, 300)
    tokenizer = open_tokenizer(trained)
    for text in (*WORDS, "π \x00 🦆 \n\t"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text
    with pytest.raises(InvalidInputError, match="no more than the"):
        train_tokenizer(WORDS, 100_000)


def test_every_token_is_predicted_once_however_the_text_comes() -> None:
    trained = train_tokenizer(WORDS, 300)
    tokenizer = open_tokenizer(trained)
    (blocks,) = in_blocks(trained, [WORDS], 8)
    end = tokenizer.token_to_id(END)
    stream = [t for text in WORDS for t in (end, *tokenizer.encode(text).ids)]
    assert blocks[:, 1:].flatten().tolist() == stream[1 : len(blocks) * 8 + 1]
    assert blocks[1:, 0].tolist() == blocks[:-1, -1].tolist()
    parts = list(in_blocks(trained, [["a"], [], *([text] for text in WORDS[:1]), WORDS[1:]], 8))
    (whole,) = in_blocks(trained, [["a", *WORDS]], 8)
    assert len(parts) == 4
    assert not len(parts[0])
    assert torch.equal(torch.cat(parts), whole)


def test_a_tokens_bytes_are_those_of_its_text() -> None:
    trained = train_tokenizer(WORDS, 300)
    tokenizer, lengths = open_tokenizer(trained), byte_lengths(trained)
    for text in (*WORDS, "π \x00 🦆 \n\t"):
        assert int(lengths[tokenizer.encode(text).ids].sum()) == len(text.encode())
    assert not int(lengths[tokenizer.token_to_id(END)])


def test_a_fresh_network_is_as_good_as_guessing() -> None:
    spec = MODELS["lm"].smaller()
    task = open_language(spec, texts.reference().files, ALONE)
    found = task.judge(task.network.eval(), ALONE)
    vocabulary = LMConfig.model_validate(spec.config.model_dump()).vocabulary
    assert found["loss"] == pytest.approx(math.log(vocabulary), rel=0.02)


def test_texts_come_from_a_folder(tmp_path: Path, place: Place) -> None:
    for number in range(40):
        (tmp_path / f"{number}.md").write_text(f"text {number}")
    (tmp_path / "image.png").write_bytes(b"\xff")
    manifest, _ = put(place.buckets.data, DATASETS["texts"], tmp_path)
    files = store.load(place.buckets.data, manifest)
    found = [texts.read_texts(files, name) for name in (texts.TRAIN, texts.TEST)]
    assert sorted([*found[0], *found[1]]) == sorted(f"text {number}" for number in range(40))
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="UTF-8"):
        texts.folder(tmp_path)


@pytest.mark.train
def test_it_learns_and_what_was_registered_generates(place: Place) -> None:
    put(place.buckets.data, DATASETS["python-reference"], None)
    spec = MODELS["lm"].smaller()
    plan, told = make_plan(spec, None, place.buckets, 1), Told()
    run(plan, place.buckets, ALONE, told, Stop())
    evaluated = dict(told.events)["evaluated"]
    assert evaluated["perplexity"] < 400  # guessing among 1,024 gives 1,024
    registry = Registry(place.buckets.registry, "lm")
    (version,) = registry.versions()
    loaded = load_version(spec, version.card, registry.weights(version.card))
    assert spec.answer is not None
    answer = load(spec.answer)(loaded)
    (said,) = answer(["The with statement"])
    assert said.text
    assert answer(["The with statement"] * 2) == [said, said]
    assert version.card.weights.parameters == spec.config.parameters
