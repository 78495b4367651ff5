"""What cannot be searched, told before anything is loaded."""

import os

from workloads.errors import InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.search.config import By
from workloads.training.refusals import refuse_of_several


def refuse(model: ModelSpec, by: By) -> None:
    """Raise InvalidInputError for several processes, and for a measure that the model does not have."""
    refuse_of_several(model)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        rule = "must be 1: each trial is trained by one process"
        fix = "start it without torchrun; see --workers"
        raise InvalidInputError("WORLD_SIZE", os.environ["WORLD_SIZE"], rule, fix)
    if by == "accuracy" and model.classify is None:
        rule = "only a classifier has one"
        raise InvalidInputError("--by", f"accuracy of {model.name}", rule, "leave it out")
