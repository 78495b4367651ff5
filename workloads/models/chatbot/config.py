"""Which checkpoint reads, and how sure an answer must be."""

from typing import Annotated

from pydantic import Field

from workloads.data.manifest import Manifest
from workloads.errors import InvalidInputError
from workloads.settings import FILLED_IN, NetworkSettings, Settings


class EncoderConfig(NetworkSettings):
    """The encoder; all but `checkpoint` is filled in, so that the network can be built without it."""

    checkpoint: Annotated[str, Field(description="a folder, a hub's name, or package:NAME/FOLDER")]
    architecture: Annotated[str, Field(description="the checkpoint's configuration as JSON"), FILLED_IN] = ""
    revision: Annotated[str, Field(description="which weights the checkpoint had"), FILLED_IN] = ""
    recompute: Annotated[bool, Field(description="compute activations twice, keep only each layer's")] = False


class AnsweringConfig(Settings):
    """How questions are read, and when they are answered."""

    max_tokens: Annotated[int, Field(ge=4, le=8192, description="tokens of a text; the rest is cut")] = 64
    temperature: Annotated[float, Field(gt=0, le=10, description="divides the cosines to learn by")] = 0.05
    false_answers: Annotated[
        float, Field(ge=0, lt=1, description="share of calibration's questions that may be answered wrongly")
    ] = 0.02


def fit(config: NetworkSettings, dataset: Manifest) -> NetworkSettings:
    """The configuration with the checkpoint's shape; raises InvalidInputError for data of another kind."""
    from workloads.models.sentiment.checkpoint import describe  # noqa: PLC0415 - transformers, 2 s

    if "answers" not in dataset.records:
        rule = "must be a data set of questions and answers"
        raise InvalidInputError("--data", dataset.name, rule, "take support-made or support")
    if not isinstance(config, EncoderConfig):
        raise TypeError(type(config).__name__)
    architecture, revision = describe(config.checkpoint, 2)
    return config.model_copy(update={"architecture": architecture, "revision": revision})
