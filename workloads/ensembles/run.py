"""One ensemble: its members together as a network, judged on the held-out data, and its card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from workloads.asking.packed import pack
from workloads.asking.together import Together
from workloads.asking.version import Loaded
from workloads.fingerprint import code_version, sha256, short_hash
from workloads.judging.judgement import opened
from workloads.registry.card import Card, Configs, Ensemble, Lineage, Member, WeightFacts, now
from workloads.training.ranks import ALONE
from workloads.weights import as_file

_CODE = ("workloads.ensembles", "workloads.models", "workloads.data")


@dataclass(frozen=True)
class Found:
    """Members together, and the metrics of that on the data set's held-out part."""

    members: Sequence[Loaded]
    network: nn.Module
    metrics: dict[str, float]

    @property
    def headline(self) -> str:
        """The metric that decides."""
        return self.members[0].spec.headline

    @property
    def best(self) -> Loaded:
        """The member that is best alone, by its card."""
        sign = 1 if self.members[0].spec.higher_is_better else -1
        return max(self.members, key=lambda member: sign * member.card.metrics[self.headline])

    @property
    def gain(self) -> float:
        """By how much the headline is better together than that of the best member."""
        won = self.metrics[self.headline] - self.best.card.metrics[self.headline]
        return won if self.members[0].spec.higher_is_better else -won


def judge(members: Sequence[Loaded], files: Mapping[str, bytes]) -> Found:
    """What the members, all on the CPU, are together."""
    first = members[0]
    network = Together([member.network for member in members]).eval()
    task, _ = opened(replace(first, network=network), files)
    return Found(members, network, task.judge(network, ALONE))


def registrable(found: Found) -> tuple[Card, bytes]:
    """The ensemble as a version: one file of all members' weights."""
    first, cards = found.members[0], [member.card for member in found.members]
    content = as_file(pack(found.network.state_dict()), first.attachments)
    code = code_version(_CODE)
    run = short_hash({"members": [card.version for card in cards], "code": code})
    alike = {
        name: value
        for name, value in cards[0].config.training.items()
        if all(card.config.training.get(name) == value for card in cards)
    }
    card = Card(
        model=cards[0].model,
        title=f"{cards[0].title}, {len(cards)} versions together",
        created=now(),
        metrics=found.metrics,
        dataset=cards[0].dataset,
        config=Configs(model=cards[0].config.model, training=alike, data=cards[0].config.data),
        lineage=Lineage(run=run, code=code, world_size=1, torch=torch.__version__),
        weights=WeightFacts(
            sha256=sha256(content),
            size=len(content),
            parameters=sum(parameter.numel() for parameter in found.network.parameters()),
        ),
        smoke=True if any(card.smoke for card in cards) else None,
        ensemble=Ensemble(
            members=[
                Member(version=card.version, sha256=card.weights.sha256, config=card.config.model)
                for card in cards
            ]
        ),
    )
    return card, content
