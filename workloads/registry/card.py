"""A model's card: what it is, what it learnt from, how good it is, where it came from."""

from datetime import UTC, datetime
from typing import Any, Final, Literal

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


WEIGHTS_FILE = "model.safetensors"
ONNX_FILE: Final = "model.onnx"


class WeightFacts(_Part):
    """The weights' file; no name stands for model.safetensors."""

    sha256: str
    size: int
    parameters: int
    file: Literal["model.onnx"] | None = None

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.file or WEIGHTS_FILE


class Compression(_Part):
    """How a version was made of another: the steps, what it could lose, what was measured of both."""

    parent: str
    steps: str
    budget: dict[str, float]
    measured: dict[str, dict[str, float]]
    """"parent" and "child" -> accuracy, bytes, latency_ms of one record, on the machine that compressed."""


class Phrasing(_Part):
    """Which language model puts a version's answers into words, and of which version it was made."""

    parent: str
    by: str
    """`lm:VERSION`, or a checkpoint."""
    digest: str
    """SHA-256 of the lm's weights, or over the checkpoint's files."""
    max_tokens: int
    seconds: float
    measured: dict[str, float]
    """Of held-out questions: the share of answers that kept the facts, and the time, as it was then."""


class Member(_Part):
    """One version of an ensemble: its weights' hash, and its network's configuration."""

    version: str
    sha256: str
    config: dict[str, Any]


class Ensemble(_Part):
    """The versions that answer together, by the mean of their probabilities."""

    members: list[Member]


class PrivacyFacts(_Part):
    """(epsilon, delta) differential privacy of the weights, for a record that is added or taken away."""

    epsilon: float
    delta: float
    clip: float
    """Largest norm of a record's gradient."""
    noise_multiplier: float
    """Deviation of the noise on a batch's sum, in clips."""
    sample_rate: float
    """A record's chance to be in a batch (Poisson sampling)."""
    steps: int
    accountant: str


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
    compression: Compression | None = None
    privacy: PrivacyFacts | None = None
    phrasing: Phrasing | None = None
    ensemble: Ensemble | None = None
    smoke: Literal[True] | None = None
    """Whether it, or what it was made of, was trained by `--smoke`."""

    @property
    def version(self) -> str:
        """12 hex digits over weights, data, metrics, configurations and parent: not who made it, nor when."""
        facts = self.model_dump(mode="json", exclude=_UNTOLD, exclude_none=True)
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
- Weights: {self.weights.parameters:,} parameters, {self.weights.size:,} bytes of
  {_FORMATS[self.weights.name]}, SHA-256 `{self.weights.sha256}`.
- Training{", small and short (--smoke)" if self.smoke else ""}: {settings}.
{self._compressed()}{_phrased(self.phrasing)}{_together(self.ensemble)}{_privacy(self.privacy)}"""

    def _compressed(self) -> str:
        made = self.compression
        if made is None:
            return ""
        before, after = made.measured["parent"], made.measured["child"]
        told = ", ".join(f"{name} {before[name]:g} -> {after[name]:g}" for name in before)
        budget = ", ".join(f"{name} {value:g}" for name, value in made.budget.items())
        return f"- Compressed from `{made.parent}` by {made.steps}: {told} (budget: {budget}).\n"


_UNTOLD: Final[dict[str, bool | set[str]]] = {
    "created": True,
    "lineage": True,
    "compression": {"measured"},  # a clock's figures are others each time
    "phrasing": {"measured"},
}
_FORMATS = {WEIGHTS_FILE: "safetensors", ONNX_FILE: "ONNX"}


def _phrased(facts: Phrasing | None) -> str:
    if facts is None:
        return ""
    told = ", ".join(f"{name} {value:g}" for name, value in facts.measured.items())
    return (
        f"- Answers of `{facts.parent}` phrased by {facts.by} (SHA-256 `{facts.digest}`) in up to "
        f"{facts.max_tokens} tokens and {facts.seconds:g} s: {told}.\n"
    )


def _together(facts: Ensemble | None) -> str:
    if facts is None:
        return ""
    members = ", ".join(f"`{member.version}`" for member in facts.members)
    return f"- An ensemble: the mean of the probabilities of {members}, whose common settings are above.\n"


def _privacy(facts: PrivacyFacts | None) -> str:
    if facts is None:
        return ""
    return f"""- Differential privacy: epsilon {facts.epsilon:.4g} at delta {facts.delta:g} for each training
  record, added or taken away ({facts.accountant}): {facts.steps} steps, each record in a batch
  with a chance of {facts.sample_rate:.4g}, gradients clipped to {facts.clip:g}, noise of
  {facts.noise_multiplier:.4g} clips. Of the weights alone: losses told in training have no noise.
"""


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _empty(value: object, name: str) -> list[str]:
    if isinstance(value, dict) and value:
        return [empty for key, part in value.items() for empty in _empty(part, f"{name}.{key}".lstrip("."))]
    return [name] if value in ("", {}, []) else []
