"""Hidden units taken out of every feed-forward layer of a network in BERT's form."""

import json

from torch import nn

from workloads.errors import InvalidInputError
from workloads.models.chatbot.config import EncoderConfig
from workloads.models.narrow import filled, narrow, weights_of
from workloads.models.sentiment.config import ClassifierConfig
from workloads.settings import NetworkSettings

_MAKER, _READER = ".intermediate.dense", ".output.dense"


def prune(network: nn.Module, config: NetworkSettings, share: float) -> tuple[nn.Module, NetworkSettings]:
    """A narrower network with the rest of the weights; `share` (0 to 1) of the hidden units goes.

    Raises InvalidInputError for a checkpoint of another form.
    """
    if not isinstance(config, ClassifierConfig | EncoderConfig):
        raise TypeError(type(config).__name__)
    weights = weights_of(network)
    ends = f"{_MAKER}.weight"
    blocks = [name.removesuffix(ends) for name in weights if name.endswith(ends)]
    if not all(f"{block}{_READER}.weight" in weights for block in blocks) or not blocks:
        rule = f"must be a step for {config.checkpoint}, which is not in BERT's form"
        raise InvalidInputError("--steps", "prune", rule, "leave it out")
    for block in blocks:
        hidden = narrow(weights, block + _MAKER, block + _READER, share)
    architecture = {**json.loads(config.architecture), "intermediate_size": hidden}
    made = config.model_copy(update={"architecture": json.dumps(architecture, sort_keys=True)})
    return filled(type(network)(made), weights), made
