"""The site: the part of the stack outputs that workloads need."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from workloads.command import validate
from workloads.errors import InvalidInputError

_FIX = "write the stack's outputs there again (pulumi stack output --json > FILE)"

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
"""A bucket name as S3 allows it: 3-63 lower-case letters, digits, dots and hyphens."""


class Site(BaseModel):
    """Where the workloads read and write. Other outputs of the stack are none of their business."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    data_bucket: BucketName
    checkpoint_bucket: BucketName
    registry_bucket: BucketName
    data_key_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


def load_site(path: Path) -> Site:
    """Read stack outputs (JSON) from `path`; raises InvalidInputError."""
    try:
        outputs: Any = json.loads(path.read_text())
    except OSError as error:
        raise InvalidInputError("--site", path, error.strerror or "cannot be read", _FIX) from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("--site", path, f"must be JSON ({error})", _FIX) from None
    if not isinstance(outputs, dict):
        raise InvalidInputError("--site", path, "must be a JSON object of outputs", _FIX)
    return validate(Site, outputs, fix=f"look at {path}, or {_FIX}")
