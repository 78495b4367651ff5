"""The records that wait for a person's label, and that label."""

import json
from typing import Any

from workloads.errors import InvalidInputError
from workloads.pipeline.config import PipelineConfig
from workloads.pipeline.label import WAITING, decide
from workloads.pipeline.stages import Work


def waiting(work: Work) -> list[dict[str, Any]]:
    """What waits; raises InvalidInputError before the pipeline has come to its labels."""
    path = work.rejected("label")
    if not path.is_file():
        rule, fix = "must have come to its labels", "run it first"
        raise InvalidInputError("pipeline", work.folder.name, rule, fix)
    entries = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [entry["content"] for entry in entries if entry["reason"] == WAITING]


def label(config: PipelineConfig, work: Work, record: str, given: str) -> int:
    """Keep a waiting record's label; how many are kept now. Raises InvalidInputError."""
    ids = {str(entry["id"]) for entry in waiting(work)}
    if config.label is None:
        raise InvalidInputError(
            "pipeline", config.name, "must have labels", "add label to the pipeline's file"
        )
    return decide(work.decisions, ids, config.label, record, given)
