"""How a model is served; every field is a flag of `python -m workloads.serving`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ServingConfig(BaseModel):
    """Limits of one server."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_batch: Annotated[int, Field(ge=1, le=4096, description="instances in a batch, and in a request")] = (
        256
    )
    max_wait_ms: Annotated[float, Field(ge=0, le=1000, description="longest wait for a fuller batch")] = 0.0
    max_queue: Annotated[int, Field(ge=1, le=65536, description="requests that may wait")] = 1024
    max_body_bytes: Annotated[int, Field(ge=1024, le=2**30, description="largest request body")] = 8 * 2**20
    body_timeout_s: Annotated[float, Field(gt=0, le=600, description="time for a body to arrive")] = 10.0
    stall_s: Annotated[float, Field(gt=0, le=3600, description="batch time after which it is not ready")] = (
        10.0
    )
