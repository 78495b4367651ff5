"""What a phraser has to keep to; every field is a flag of `python -m workloads.phrasing`."""

from typing import Annotated

from pydantic import Field

from workloads.settings import Settings


class PhrasingConfig(Settings):
    """How much a phraser may say and take, and how faithful it has to be."""

    max_tokens: Annotated[int, Field(ge=1, le=4096, description="tokens of an answer")] = 64
    seconds: Annotated[float, Field(gt=0, le=60, description="for what is asked together")] = 2.0
    kept_facts: Annotated[float, Field(ge=0, le=1, description="least share that keeps the facts")] = 0.5
