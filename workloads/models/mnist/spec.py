"""Both models' rows of the table."""

from workloads.models.mnist.config import AugmentConfig, CNNConfig, MLPConfig
from workloads.models.spec import Measure, ModelSpec
from workloads.training.config import TrainingConfig

MNIST = ModelSpec(
    name="mnist",
    title="handwritten digits, 28 x 28 pixels, by a multi-layer perceptron",
    dataset="digits",
    config=MLPConfig(widths=(784, 512, 256, 128, 10)),
    data=AugmentConfig(),
    training=TrainingConfig(epochs=12, batch_size=96, lr=5e-3),
    headline="accuracy",
    network="workloads.models.mnist.mlp:MLP",
    task="workloads.models.mnist.task:open_digits",
    stream="workloads.models.mnist.flow:open_stream",
    classify="workloads.models.mnist.judging:classify",
    explain="workloads.models.mnist.judging:explain",
    kept=(Measure("accuracy"),),
    prune="workloads.models.mnist.pruning:prune",
    private=True,
    served="rows",
    smoke={"training": {"epochs": 2}},
)

MNIST_CNN = ModelSpec(
    name="mnist-cnn",
    title="handwritten digits, 28 x 28 pixels, by a small convolutional network",
    dataset="digits",
    config=CNNConfig(channels=16, hidden=64),
    data=AugmentConfig(),
    training=TrainingConfig(epochs=12, batch_size=96, lr=5e-3),
    headline="accuracy",
    network="workloads.models.mnist.cnn:CNN",
    task="workloads.models.mnist.task:open_digits",
    stream="workloads.models.mnist.flow:open_stream",
    classify="workloads.models.mnist.judging:classify",
    explain="workloads.models.mnist.judging:explain",
    kept=(Measure("accuracy"),),
    prune="workloads.models.mnist.pruning:prune_cnn",
    private=True,
    served="rows",
    smoke={"training": {"epochs": 2}},
)
