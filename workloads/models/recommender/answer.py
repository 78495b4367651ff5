"""How the model is asked: a user by name, whom it recommends items."""

import json

import torch

from workloads.asking.version import Loaded
from workloads.data.ratings import ITEMS, USERS
from workloads.errors import InvalidInputError
from workloads.models.recommender.config import SamplingConfig
from workloads.models.recommender.index import build_index
from workloads.models.recommender.network import TwoTower


def answer(loaded: Loaded, question: str) -> str:
    """The items that fit a user best; raises InvalidInputError for one who was not in the data."""
    users: list[str] = json.loads(loaded.attachment(USERS))
    items: list[str] = json.loads(loaded.attachment(ITEMS))
    if question not in users:
        rule = f"must be one of the {len(users)} users that the model knows"
        raise InvalidInputError("question", question, rule, f"give a user's name, like {users[0]}")
    if not isinstance(loaded.network, TwoTower):
        raise TypeError(type(loaded.network).__name__)
    k = SamplingConfig.model_validate(loaded.card.config.data).k
    with torch.inference_mode():
        user = torch.tensor([users.index(question)])
        best = build_index(loaded.network).best(loaded.network, user, k)
    return ", ".join(items[item] for item in best[0].tolist())
