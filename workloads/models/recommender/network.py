"""The towers, and what each user has had already: buffers, so that it is kept with the weights."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from workloads.models.recommender.config import TowersConfig


class TwoTower(nn.Module):
    """Users (n,) and items (n, m) -> their cosines over the temperature (n, m)."""

    seen_items: Tensor
    seen_from: Tensor

    def __init__(self, config: TowersConfig) -> None:
        super().__init__()
        self.temperature, self.items = config.temperature, config.items
        self.user_tower: nn.Module = _tower(config.users, config)
        items = _tower(config.items, config)
        self.item_tower: nn.Module = DescribedTower(items, config) if config.feature_width else items
        self.register_buffer("seen_items", torch.zeros(config.interactions, dtype=torch.long))
        self.register_buffer("seen_from", torch.zeros(config.users + 1, dtype=torch.long))

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        """How well each of a user's items fits."""
        different, where = torch.unique(items, return_inverse=True)  # popular ones come many times a batch
        places = self.place_items(different)[where]
        return torch.einsum("nd,nmd->nm", self.place_users(users), places) / self.temperature

    def place_users(self, users: Tensor) -> Tensor:
        """Users (n,) in the space (n, dim), on the unit sphere."""
        return normalize(self.user_tower(users).float(), dim=-1)

    def place_items(self, items: Tensor) -> Tensor:
        """Items (...) in the space (..., dim), on the unit sphere."""
        return normalize(self.item_tower(items).float(), dim=-1)

    def remember(self, pairs: Tensor) -> None:
        """Keep which items (n, 2: user, item) each user has had."""
        users, items = pairs[torch.argsort(pairs[:, 0], stable=True)].unbind(1)
        self.seen_items.copy_(items)
        self.seen_from[1:] = torch.bincount(users, minlength=len(self.seen_from) - 1).cumsum(0)

    def seen(self, user: int) -> Tensor:
        """The items that a user has had."""
        return self.seen_items[int(self.seen_from[user]) : int(self.seen_from[user + 1])]


class DescribedTower(nn.Sequential):
    """The items' tower, to which a learnt projection of each item's features is added.

    All of it is in the tower: who takes the tower takes the features.
    """

    features: Tensor

    def __init__(self, tower: nn.Sequential, config: TowersConfig) -> None:
        super().__init__(*tower)
        self.layers = len(tower)
        self.described = nn.Linear(config.feature_width, config.dim, bias=False)
        self.register_buffer("features", torch.zeros(config.items, config.feature_width))

    def forward(self, items: Tensor) -> Tensor:
        """Items (...) in the space (..., dim), of any length."""
        told = self.described(self.features[items].to(self.described.weight.dtype))
        places = items
        for layer in list(self)[: self.layers]:
            places = layer(places)
        out: Tensor = places + told
        return out


def _tower(count: int, config: TowersConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.Embedding(count, config.dim),
        nn.Linear(config.dim, config.hidden),
        nn.ReLU(),
        nn.Linear(config.hidden, config.dim),
    )
