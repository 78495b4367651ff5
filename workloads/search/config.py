"""How a search goes; every field is a flag of `python -m workloads.search`."""

from typing import Annotated, Literal

from pydantic import Field

from workloads.settings import Settings

By = Literal["auto", "accuracy", "loss"]

Pruner = Literal["median", "hyperband", "none"]


class SearchConfig(Settings):
    """How many trials there are, how they are judged, and which are given up early."""

    trials: Annotated[int, Field(ge=1, le=100_000, description="how many, those done before included")] = 20
    workers: Annotated[int, Field(ge=1, le=256, description="processes, a trial each at a time")] = 1
    by: Annotated[By, Field(description="what is looked at; auto: a classifier's accuracy, else loss")] = (
        "auto"
    )
    validation: Annotated[
        float, Field(gt=0, lt=1, description="share of the training data that is judged, not learnt")
    ] = 0.2
    pruner: Annotated[Pruner, Field(description="which trials are given up after an epoch")] = "median"
