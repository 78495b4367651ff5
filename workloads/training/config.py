"""How a model is trained; every field is a flag of `python -m workloads.training`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class TrainingConfig(BaseModel):
    """All that, with data, model and code, decides what weights come out."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: Annotated[int, Field(ge=1, le=10_000, description="passes over the training data")] = 12
    batch_size: Annotated[int, Field(ge=1, le=65_536, description="records a step, over all ranks")] = 96
    lr: Annotated[float, Field(gt=0, le=10, description="Adam's peak learning rate")] = 5e-3
    warmup: Annotated[float, Field(ge=0, le=0.9, description="share of the steps with a rising rate")] = 0.1
    weight_decay: Annotated[float, Field(ge=0, le=1, description="AdamW's weight decay")] = 1e-4
    seed: Annotated[int, Field(ge=0, lt=2**32, description="of weights, order and augmentation")] = 1
    shift: Annotated[float, Field(ge=0, le=14, description="largest random shift, pixels")] = 1.0
    rotation: Annotated[float, Field(ge=0, le=180, description="largest random rotation, degrees")] = 8.0
