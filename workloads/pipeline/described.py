"""A pipeline as its file describes it."""

from pathlib import Path
from typing import Any

import yaml

from workloads import command
from workloads.data.table import DATASETS
from workloads.errors import InvalidInputError
from workloads.pipeline.config import PipelineConfig


def read_pipeline(path: Path) -> PipelineConfig:
    """The pipeline that a YAML file describes; raises InvalidInputError."""
    fix = "correct the pipeline's file"
    try:
        described: Any = yaml.safe_load(path.read_text())
    except OSError as error:
        raise InvalidInputError("pipeline", path, error.strerror or "cannot be read", fix) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError("pipeline", path, f"must be YAML ({error})", fix) from None
    config = command.validate(PipelineConfig, described, fix=fix)
    if config.name in DATASETS:
        rule = "must not be the name of one of: " + ", ".join(sorted(DATASETS))
        raise InvalidInputError("name", config.name, rule, "give it a name of its own")
    return config
