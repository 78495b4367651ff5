"""How a model is trained; every field is a flag of `python -m workloads.training`."""

from typing import Annotated, Literal

from pydantic import Field

from workloads.settings import Settings

Precision = Literal["auto", "fp32", "bf16", "fp16"]

Compile = Literal["off", "on", "auto"]


class TrainingConfig(Settings):
    """All that, with data, model and code, decides what weights come out."""

    epochs: Annotated[int, Field(ge=1, le=10_000, description="passes over the training data")]
    batch_size: Annotated[int, Field(ge=1, le=65_536, description="records a step, over all ranks")]
    accumulate: Annotated[int, Field(ge=1, le=4096, description="parts in which a batch is computed")] = 1
    lr: Annotated[float, Field(gt=0, le=10, description="Adam's peak learning rate")]
    warmup: Annotated[float, Field(ge=0, le=0.9, description="share of the steps with a rising rate")] = 0.1
    weight_decay: Annotated[float, Field(ge=0, le=1, description="AdamW's, of matrices only")] = 1e-4
    clip: Annotated[float, Field(ge=0, le=1e6, description="largest norm of the gradient; 0: any")] = 0.0
    ema: Annotated[float, Field(ge=0, lt=1, description="decay of averaged weights; 0: no average")] = 0.0
    patience: Annotated[int, Field(ge=0, le=10_000, description="epochs without a gain; 0: no end")] = 0
    precision: Annotated[Precision, Field(description="auto: what a probe finds fastest")] = "fp32"
    save_every: Annotated[int, Field(ge=0, description="steps between checkpoints; 0: each epoch")] = 0
    shard: Annotated[bool, Field(description="divide the network among the ranks (FSDP2)")] = False
    compile: Annotated[Compile, Field(description="torch.compile; auto: if a probe finds it faster")] = "off"
    stream: Annotated[bool, Field(description="read the training data as they are needed, from S3")] = False
    stream_lanes: Annotated[int, Field(ge=1, le=4096, description="of a stream; ranks divide them")] = 8
    stream_buffer: Annotated[int, Field(ge=1, description="records shuffled among each other")] = 4096
    deterministic: Annotated[bool, Field(description="only operations that repeat to the bit")] = False
    private_epsilon: Annotated[float, Field(ge=0, le=1e4, description="privacy a record loses; 0: any")] = 0.0
    private_delta: Annotated[float, Field(gt=0, lt=1, description="chance that it loses more")] = 1e-5
    private_clip: Annotated[
        float, Field(gt=0, le=1e6, description="largest norm a record's gradient has")
    ] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**32, description="of weights, order and augmentation")] = 1
