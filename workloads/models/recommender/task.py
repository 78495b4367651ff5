"""Ratings in memory: sampled softmax, and recall and NDCG among all items."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from workloads.command import expect
from workloads.data.content import AGAIN
from workloads.data.purchases import read_reviews
from workloads.data.ratings import ITEMS, TEST, TRAIN, USERS, names_in, read_pairs
from workloads.errors import CorruptDataError
from workloads.models.recommender.config import JUDGED, NONE, SamplingConfig, TowersConfig
from workloads.models.recommender.features import features
from workloads.models.recommender.index import build_index
from workloads.models.recommender.network import TwoTower
from workloads.models.spec import ModelSpec
from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Network

_BATCH = 256


@dataclass(frozen=True)
class Ratings:
    """Pairs (n, 2) of user and item; how items are sampled."""

    network: TwoTower
    sampling: SamplingConfig
    pairs: Tensor
    held_out: Tensor
    log_chance: Tensor
    """Of each item to be sampled."""
    names: dict[str, str]
    unit = "samples"
    units_per_record = 1

    @property
    def records(self) -> int:
        """How many ratings there are to learn from."""
        return len(self.pairs)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Where on the line of chances each negative falls."""
        return torch.rand(n, self.sampling.negatives, generator=generator, dtype=torch.float64)

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """Users (n,), and their item followed by sampled ones (n, 1 + negatives)."""
        device = self.pairs.device
        users, items = self.pairs[chosen.to(device)].unbind(1)
        line = self.log_chance.double().exp().cumsum(0)
        sampled = torch.searchsorted(line, draws.to(device) * line[-1]).clamp(max=len(line) - 1)
        return users, torch.cat([items[:, None], sampled], dim=1)

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Softmax of the item among the sampled, which stand for all others: each less the log of how often
        it is expected (Jean et al., 2015), so that the sum nears that over all items.
        """
        users, items = batch
        logits, sampled = network(users, items).float(), items[:, 1:]
        expected = self.log_chance[sampled] + math.log(self.sampling.negatives)
        others = logits[:, 1:] - expected
        others = others.masked_fill(sampled == items[:, :1], -torch.inf)  # the item itself is no other
        target = torch.zeros(len(items), dtype=torch.long, device=logits.device)
        return cross_entropy(torch.cat([logits[:, :1], others], dim=1), target)

    @torch.inference_mode()
    def judge(self, network: nn.Module, ranks: Ranks) -> dict[str, float]:
        """Recall and NDCG at k, and at ten, of the held-out items, and what the ten most frequent give.

        `history_recall` is recall at ten where each user is known by what they had, and by no name.
        """
        towers, cuts = _towers(network), sorted({JUDGED, self.sampling.k})
        index, mine = build_index(towers), self.held_out[ranks.rank :: ranks.world_size]
        frequent = torch.bincount(self.pairs[:, 1], minlength=len(self.log_chance)).double()
        sums = torch.zeros(2 * len(cuts) + 2, dtype=torch.float64, device=mine.device)
        for part in torch.split(mine, _BATCH):
            users, items = part.unbind(1)
            hits = (index.best(towers, users, cuts[-1]) == items[:, None]).double()
            gains = hits / torch.log2(torch.arange(hits.shape[1], device=hits.device).double() + 2)
            counts = frequent.repeat(len(users), 1)
            for row, user in enumerate(users.tolist()):
                counts[row, towers.seen(user)] = -1
            known = [index.after(towers.seen(user), JUDGED) for user in users.tolist()]
            by_history = sum(int(item in found) for item, found in zip(items, known, strict=True))
            usual = (counts.topk(min(JUDGED, counts.shape[1])).indices == items[:, None]).any(1)
            found = [each[:, :k].sum() for k in cuts for each in (hits, gains)]
            told = torch.tensor(by_history, dtype=torch.float64, device=mine.device)
            sums += torch.stack([*found, usual.double().sum(), told])
        means = [round(mean, 6) for mean in (ranks.sum(sums) / len(self.held_out)).tolist()]
        names = [f"{what}_at_{k}" for k in cuts for what in ("recall", "ndcg")]
        by_name = dict(zip([*names, "frequent_recall", "history_recall"], means, strict=True))
        return {**by_name, "records": len(self.held_out)}

    def attachments(self) -> dict[str, str]:
        """The users' and items' own names, in the order of their numbers."""
        return self.names


def open_ratings(spec: ModelSpec, files: Mapping[str, bytes], ranks: Ranks) -> Ratings:
    """The ratings in memory; raises CorruptDataError for files of another kind."""
    pairs, held_out = (torch.from_numpy(read_pairs(files, name)).to(ranks.device) for name in (TRAIN, TEST))
    sampling, towers = expect(SamplingConfig, spec.data), expect(TowersConfig, spec.config)
    _count(USERS, len(names_in(files, USERS)), towers.users)
    _count(ITEMS, len(names_in(files, ITEMS)), towers.items)
    _count(TRAIN, len(pairs), towers.interactions)
    network = _towers(spec.build().to(ranks.device))
    network.remember(pairs)
    if towers.features != NONE:
        found = features(towers.features, read_reviews(files, network.items))
        network.item_tower.get_buffer("features").copy_(found)
    counts = torch.bincount(pairs[:, 1], minlength=network.items).double() + 1
    chance = counts**sampling.power
    names = {name: files[name].decode() for name in (USERS, ITEMS)}
    log_chance = (chance / chance.sum()).log().float()
    return Ratings(network, sampling, pairs, held_out, log_chance, names)


def _count(file: str, found: int, expected: int) -> None:
    if found != expected:
        raise CorruptDataError(file, found, f"must hold {expected}, as the data set says", AGAIN)


def _towers(network: nn.Module) -> TwoTower:
    if not isinstance(network, TwoTower):
        raise TypeError(type(network).__name__)
    return network
