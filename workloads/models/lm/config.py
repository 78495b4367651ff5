"""The network's shape, and how text is cut into blocks."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from workloads.settings import NetworkSettings, Settings


class LMConfig(NetworkSettings):
    """A decoder of `layers` blocks; `kv_heads` heads of keys are shared among `heads` of queries."""

    vocabulary: Annotated[int, Field(ge=260, le=2**20, description="tokens, byte-level BPE")] = 4096
    dim: Annotated[int, Field(ge=8, le=65_536, description="width")] = 256
    layers: Annotated[int, Field(ge=1, le=1024, description="blocks")] = 6
    heads: Annotated[int, Field(ge=1, le=1024, description="heads of queries")] = 8
    kv_heads: Annotated[int, Field(ge=1, le=1024, description="heads of keys and values")] = 4
    hidden: Annotated[int, Field(ge=8, le=2**20, description="width of the feed-forward layers")] = 704
    rope_base: Annotated[float, Field(gt=1, description="base of the rotary positions")] = 10_000.0
    recompute: Annotated[bool, Field(description="compute activations twice, keep only each block's")] = False

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.dim % (2 * self.heads):
            raise ValueError(f"dim {self.dim} must be an even multiple of heads {self.heads}")
        if self.heads % self.kv_heads:
            raise ValueError(f"heads {self.heads} must be a multiple of kv_heads {self.kv_heads}")
        return self

    @property
    def head_dim(self) -> int:
        """Width of one head."""
        return self.dim // self.heads

    @property
    def parameters(self) -> int:
        """How many numbers are learnt; the embedding is also the output layer."""
        attention = 2 * self.dim * self.dim + 2 * self.dim * self.kv_heads * self.head_dim
        block = attention + 3 * self.dim * self.hidden + 2 * self.dim
        return self.vocabulary * self.dim + self.layers * block + self.dim


class TextConfig(Settings):
    """How text becomes records."""

    context: Annotated[int, Field(ge=2, le=2**17, description="tokens a record")] = 128
