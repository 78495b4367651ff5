"""Which checkpoint is fine-tuned, and what only it and the data set tell."""

from typing import Annotated

from pydantic import Field

from workloads.data.manifest import Manifest
from workloads.errors import InvalidInputError
from workloads.settings import FILLED_IN, NetworkSettings, Settings


class ClassifierConfig(NetworkSettings):
    """The classifier; all but `checkpoint` is filled in, so that the network can be built without it."""

    checkpoint: Annotated[str, Field(description="a folder, a hub's name, or package:NAME/FOLDER")]
    classes: Annotated[int, Field(ge=0, description="as many as the data set has"), FILLED_IN] = 0
    architecture: Annotated[str, Field(description="the checkpoint's configuration as JSON"), FILLED_IN] = ""
    revision: Annotated[str, Field(description="which weights the checkpoint had"), FILLED_IN] = ""
    recompute: Annotated[bool, Field(description="compute activations twice, keep only each layer's")] = False


class ReadingConfig(Settings):
    """How texts are read."""

    max_tokens: Annotated[int, Field(ge=4, le=8192, description="tokens of a text; the rest is cut")] = 128


def fit(config: NetworkSettings, dataset: Manifest) -> NetworkSettings:
    """The configuration with the data set's classes and the checkpoint's shape; raises InvalidInputError."""
    from workloads.models.sentiment.checkpoint import describe  # noqa: PLC0415 - transformers, 2 s

    if "classes" not in dataset.records:
        rule = "must be a data set of labelled texts"
        raise InvalidInputError("--data", dataset.name, rule, "take reviews-made or reviews")
    if not isinstance(config, ClassifierConfig):
        raise TypeError(type(config).__name__)
    classes = dataset.records["classes"]
    architecture, revision = describe(config.checkpoint, classes)
    found = {"classes": classes, "architecture": architecture, "revision": revision}
    return config.model_copy(update=found)
