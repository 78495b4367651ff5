"""Hidden units taken out of both towers."""

from torch import nn

from workloads.command import expect
from workloads.models.narrow import filled, narrow, weights_of
from workloads.models.recommender.config import TowersConfig
from workloads.models.recommender.network import TwoTower
from workloads.settings import NetworkSettings

_MAKER, _READER = "1", "3"
"""The linear layers of a tower."""


def prune(network: nn.Module, config: NetworkSettings, share: float) -> tuple[nn.Module, TowersConfig]:
    """Narrower towers with the rest of the weights; `share` (0 to 1) of the hidden units goes."""
    shape, weights = expect(TowersConfig, config), weights_of(network)
    for tower in ("user_tower", "item_tower"):
        hidden = narrow(weights, f"{tower}.{_MAKER}", f"{tower}.{_READER}", share)
    made = shape.model_copy(update={"hidden": hidden})
    return filled(TwoTower(made), weights), made
