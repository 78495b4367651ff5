"""What a run is to do, decided before torch is imported: data, configurations, and from them its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workloads.data import store
from workloads.data.manifest import Manifest
from workloads.errors import InvalidInputError
from workloads.fingerprint import code_version, short_hash
from workloads.models.table import ModelSpec
from workloads.objects import Buckets
from workloads.training.config import TrainingConfig

_CODE = ("workloads.training", "workloads.models", "workloads.data")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One training run. The same data, configurations and code are the same run."""

    model: ModelSpec
    training: TrainingConfig
    dataset: Manifest
    code: str
    world_size: int

    @property
    def run(self) -> str:
        """The run's id: 12 hex digits over all that decides its result but the number of ranks."""
        parts = {
            "model": self.model.name,
            "model_config": self.model.config.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "dataset": self.dataset.version,
            "code": self.code,
        }
        return short_hash(parts)

    def as_dict(self) -> dict[str, Any]:
        """For events."""
        return {
            "run": self.run,
            "model": self.model.name,
            "parameters": self.model.config.parameters,
            "dataset": self.dataset.name,
            "dataset_version": self.dataset.version,
            "epochs": self.training.epochs,
            "training": self.training.model_dump(mode="json"),
            "world_size": self.world_size,
        }


def make_plan(
    model: ModelSpec, training: TrainingConfig, data: str | None, buckets: Buckets, world_size: int
) -> Plan:
    """The run that is asked for; raises InvalidInputError where it cannot be."""
    name, _, version = (data or model.dataset).partition("@")
    dataset = store.find(buckets.data, name, version or None)
    fix = "give a batch size that fits"
    for fits, rule in _batch_rules(training.batch_size, dataset, world_size):
        if not fits():
            raise InvalidInputError("--batch-size", training.batch_size, rule, fix)
    return Plan(
        model=model, training=training, dataset=dataset, code=code_version(_CODE), world_size=world_size
    )


def _batch_rules(batch: int, dataset: Manifest, ranks: int) -> list[tuple[Callable[[], bool], str]]:
    records = dataset.records["train"]
    return [
        (lambda: batch <= records, f"must be no more than the {records} training records"),
        (lambda: batch % ranks == 0, f"must divide evenly among {ranks} processes"),
    ]
