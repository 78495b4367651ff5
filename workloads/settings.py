"""What every configuration is: frozen, complete, and strict about names and numbers."""

from pydantic import BaseModel, ConfigDict

FILLED_IN = "filled in"
"""Marks a setting that the data set or the checkpoint tells, so that nobody may give it."""


class Settings(BaseModel):
    """The base of each part's own configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NetworkSettings(Settings):
    """The shape of a network; all that is needed to build it again."""

    @property
    def parameters(self) -> int | None:
        """How many numbers are learnt; None where only the loaded weights can tell."""
        return None
