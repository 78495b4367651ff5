"""How the model is asked: a user by name, or a list of items that someone had; it recommends others."""

import json
from collections.abc import Sequence

import torch

from workloads.asking.said import Answerer, Said
from workloads.asking.version import Loaded
from workloads.data.ratings import ITEMS, USERS
from workloads.errors import InvalidInputError
from workloads.models.recommender.config import SamplingConfig
from workloads.models.recommender.index import build_index
from workloads.models.recommender.network import TwoTower


def open_answer(loaded: Loaded) -> Answerer:
    """Gives the items that fit a user best; an InvalidInputError for one who was not in the data.

    One whom the model does not know is told by a JSON list of items: ["31", "9"].
    """
    users: list[str] = json.loads(loaded.attachment(USERS))
    items: list[str] = json.loads(loaded.attachment(ITEMS))
    network = loaded.network
    if not isinstance(network, TwoTower):
        raise TypeError(type(network).__name__)
    k = SamplingConfig.model_validate(loaded.card.config.data).k
    numbers, index = {name: number for number, name in enumerate(users)}, build_index(network)
    places = {name: number for number, name in enumerate(items)}

    @torch.inference_mode()
    def after(question: str) -> Said | InvalidInputError:
        rule, fix = "must be a JSON list of items that the model knows", f'give ["{items[0]}"]'
        try:
            history = json.loads(question)
        except (ValueError, RecursionError):
            return InvalidInputError("question", question, rule, fix)
        unknown = [item for item in history if not isinstance(item, str) or item not in places]
        if unknown or not history or len(set(history)) == len(items):
            return InvalidInputError("question", unknown[0] if unknown else question, rule, fix)
        best = index.after(torch.tensor([places[item] for item in history]), k)
        return Said(", ".join(items[item] for item in best.tolist()), "by history")

    @torch.inference_mode()
    def one(question: str) -> Said | InvalidInputError:
        if question not in numbers and question.lstrip().startswith("["):
            return after(question)
        if question not in numbers:
            rule = f"must be one of the {len(users)} users that the model knows"
            return InvalidInputError("question", question, rule, f"give a user's name, like {users[0]}")
        best = index.best(network, torch.tensor([numbers[question]]), k)
        return Said(", ".join(items[item] for item in best[0].tolist()))

    def answer(questions: Sequence[str]) -> list[Said | InvalidInputError]:
        return [one(question) for question in questions]

    return answer
