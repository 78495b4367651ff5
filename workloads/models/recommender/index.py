"""All items in the space, searched whole: exact, and one product of matrices."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from workloads.models.recommender.network import TwoTower


@dataclass(frozen=True)
class Index:
    """The items' places (items, dim)."""

    places: Tensor

    def best(self, network: TwoTower, users: Tensor, k: int) -> Tensor:
        """The k items (n, k) that fit best to each of `users` (n,) of those they have not had."""
        scores = network.place_users(users) @ self.places.T
        for row, user in enumerate(users.tolist()):
            scores[row, network.seen(user)] = -torch.inf
        return scores.topk(min(k, scores.shape[1]), dim=1).indices

    def after(self, history: Tensor, k: int) -> Tensor:
        """The k items (k,) that fit best to someone who had the items of `history` (n,), of the others.

        Such a user is where the mean of these items is: what a tower's user is drawn to, too.
        """
        scores = self.places @ normalize(self.places[history].mean(0), dim=0)
        scores[history] = -torch.inf
        return scores.topk(min(k, int(scores.isfinite().sum()))).indices


@torch.no_grad()
def build_index(network: TwoTower) -> Index:
    """The index of a network as it is now."""
    device = network.seen_from.device
    parts = torch.split(torch.arange(network.items, device=device), 4096)
    return Index(torch.cat([network.place_items(part) for part in parts]))
