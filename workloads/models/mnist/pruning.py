"""Hidden neurons taken out of the perceptron, and of the convolutional network's last hidden layer."""

from itertools import pairwise

from torch import nn

from workloads.command import expect
from workloads.models.mnist.cnn import CNN
from workloads.models.mnist.config import CNNConfig, MLPConfig
from workloads.models.mnist.mlp import MLP
from workloads.models.narrow import filled, narrow, weights_of
from workloads.settings import NetworkSettings


def prune(network: nn.Module, config: NetworkSettings, share: float) -> tuple[nn.Module, MLPConfig]:
    """A narrower network with the rest of the weights; `share` (0 to 1) of each hidden layer goes."""
    shape, weights = expect(MLPConfig, config), weights_of(network)
    layers = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    hidden = [narrow(weights, maker, reader, share) for maker, reader in pairwise(layers)]
    made = MLPConfig(widths=(shape.widths[0], *hidden, shape.widths[-1]))
    return filled(MLP(made), weights), made


def prune_cnn(network: nn.Module, config: NetworkSettings, share: float) -> tuple[nn.Module, CNNConfig]:
    """The same of the hidden layer, which has most of the weights; the convolutions stay."""
    shape, weights = expect(CNNConfig, config), weights_of(network)
    maker, reader = (name for name, module in network.named_modules() if isinstance(module, nn.Linear))
    made = shape.model_copy(update={"hidden": narrow(weights, maker, reader, share)})
    return filled(CNN(made), weights), made
