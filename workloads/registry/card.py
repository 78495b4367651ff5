"""A model's card: what it is, what it learnt from, how good it is, where it came from."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from workloads.fingerprint import short_hash


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetFacts(_Part):
    """The data that a model learnt from."""

    name: str
    version: str
    source: str
    licence: str
    records: dict[str, int]


class Configs(_Part):
    """The configurations that made a model."""

    model: dict[str, Any]
    training: dict[str, Any]
    data: dict[str, Any] | None = None


class Lineage(_Part):
    """The run that made a model: with data and configurations, all that decides its weights."""

    run: str
    code: str
    world_size: int
    torch: str


class WeightFacts(_Part):
    """The weights' file."""

    sha256: str
    size: int
    parameters: int


class Card(_Part):
    """The card of one version."""

    model: str
    title: str
    created: str
    metrics: dict[str, float]
    dataset: DatasetFacts
    config: Configs
    lineage: Lineage
    weights: WeightFacts

    @property
    def version(self) -> str:
        """12 hex digits over weights, data, metrics and configurations: not who made it, nor when."""
        facts = self.model_dump(mode="json", exclude={"created", "lineage"}, exclude_none=True)
        return short_hash(facts)

    def empty_fields(self) -> list[str]:
        """The names of facts that are there in form only: empty text, no metrics, no records."""
        return _empty(self.model_dump(mode="json", exclude_none=True), "")

    def markdown(self) -> str:
        """The card for a reader."""
        metrics = "\n".join(f"| {name} | {value} |" for name, value in sorted(self.metrics.items()))
        records = ", ".join(f"{count} {split}" for split, count in sorted(self.dataset.records.items()))
        settings = ", ".join(f"{name} {value}" for name, value in self.config.training.items())
        return f"""# {self.model} {self.version}

{self.title}. Made {self.created} by run `{self.lineage.run}` ({self.lineage.world_size} processes,
torch {self.lineage.torch}, code `{self.lineage.code}`).

| held-out metric | value |
| --- | --- |
{metrics}

- Data: {self.dataset.name} `{self.dataset.version}` ({records}), {self.dataset.source};
  licence {self.dataset.licence}.
- Weights: {self.weights.parameters:,} parameters, {self.weights.size:,} bytes of safetensors, SHA-256
  `{self.weights.sha256}`.
- Training: {settings}.
"""


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _empty(value: object, name: str) -> list[str]:
    if isinstance(value, dict) and value:
        return [empty for key, part in value.items() for empty in _empty(part, f"{name}.{key}".lstrip("."))]
    return [name] if value in ("", {}, []) else []
