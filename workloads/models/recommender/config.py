"""The towers' shape, and how negatives are sampled."""

import json
from typing import Annotated

from pydantic import Field

from workloads.data.manifest import Manifest
from workloads.errors import InvalidInputError
from workloads.settings import FILLED_IN, NetworkSettings, Settings

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


NONE = "none"


class TowersConfig(NetworkSettings):
    """Both towers: an embedding and a hidden layer each. The counts come from the data set."""

    users: Annotated[Count, Field(description="as many as the data set has"), FILLED_IN] = 0
    items: Annotated[Count, Field(description="as many as the data set has"), FILLED_IN] = 0
    interactions: Annotated[Count, Field(description="as many as the data set has"), FILLED_IN] = 0
    dim: Annotated[int, Field(ge=1, le=4096, description="width of the space")] = 32
    hidden: Annotated[int, Field(ge=1, le=65_536, description="width of the hidden layers")] = 64
    features: Annotated[str, Field(description="checkpoint that reads items' reviews, or none")] = NONE
    feature_width: Annotated[Count, Field(description="as the checkpoint has"), FILLED_IN] = 0
    feature_revision: Annotated[str, Field(description="which weights it had"), FILLED_IN] = NONE
    temperature: Annotated[float, Field(gt=0, le=10, description="divides the cosines")] = 0.1

    @property
    def parameters(self) -> int | None:
        """How many numbers are learnt; None before the data set is known."""
        if not (self.users and self.items):
            return None
        tower = self.dim * self.hidden + self.hidden + self.hidden * self.dim + self.dim
        return (self.users + self.items + self.feature_width) * self.dim + 2 * tower


JUDGED = 10
"""Items by which one version is held against another, however many are shown."""


class SamplingConfig(Settings):
    """What a user's item is told apart from, and how many are shown."""

    negatives: Annotated[int, Field(ge=1, le=65_536, description="sampled items a rating")] = 64
    power: Annotated[float, Field(ge=0, le=1, description="0: items alike; 1: by their frequency")] = 0.5
    k: Annotated[int, Field(ge=1, le=1000, description="items shown, and judged besides ten")] = JUDGED


def fit(config: NetworkSettings, dataset: Manifest) -> NetworkSettings:
    """The configuration with the data set's counts; raises InvalidInputError for data of another kind."""
    counts = dataset.records
    if not {"users", "items"} <= counts.keys():
        rule, fix = "must be a data set of ratings", "take ratings-made or movielens"
        raise InvalidInputError("--data", dataset.name, rule, fix)
    found: dict[str, object] = {
        "users": counts["users"],
        "items": counts["items"],
        "interactions": counts["train"],
    }
    if isinstance(config, TowersConfig) and config.features != NONE:
        if not counts.get("reviews"):
            rule, fix = "needs reviews, which the data set has not", "leave it out, or take purchases"
            raise InvalidInputError("--model-features", config.features, rule, fix)
        from workloads.models.sentiment.checkpoint import describe  # noqa: PLC0415 - transformers, 2 s

        try:
            architecture, revision = describe(config.features, 2)
        except InvalidInputError as error:
            raise InvalidInputError("--model-features", error.value, error.rule, error.fix) from None
        found |= {"feature_width": json.loads(architecture)["hidden_size"], "feature_revision": revision}
    return config.model_copy(update=found)
