"""The models by name."""

from collections.abc import Mapping

from workloads.errors import InvalidInputError
from workloads.models.chatbot.spec import CHATBOT
from workloads.models.lm.spec import LM
from workloads.models.mnist.spec import MNIST, MNIST_CNN
from workloads.models.recommender.spec import RECOMMENDER
from workloads.models.sentiment.spec import SENTIMENT
from workloads.models.spec import ModelSpec

MODELS: Mapping[str, ModelSpec] = {
    spec.name: spec for spec in (MNIST, MNIST_CNN, LM, RECOMMENDER, SENTIMENT, CHATBOT)
}


def find_model(name: str) -> ModelSpec:
    """The model called `name`; raises InvalidInputError naming those that there are."""
    if name not in MODELS:
        rule = f"must be one of: {', '.join(sorted(MODELS))}"
        raise InvalidInputError("model", name, rule, "give one of them")
    return MODELS[name]
