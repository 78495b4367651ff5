"""What a run is to do, decided before torch is imported: data, configurations, and from them its name."""

from dataclasses import dataclass, replace
from typing import Any

from workloads.data import store
from workloads.data.manifest import Manifest
from workloads.data.splits import INDEX
from workloads.fingerprint import code_version, short_hash
from workloads.models.spec import ModelSpec
from workloads.objects import Buckets
from workloads.training.refusals import refuse

_CODE = ("workloads.training", "workloads.models", "workloads.data")
_FP32 = 4
_HOW = ("compile", "save_every", "shard")
"""Settings of training that may change from one start of a run to the next."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One training run. The same data, configurations and code are the same run."""

    model: ModelSpec
    dataset: Manifest
    code: str
    world_size: int

    @property
    def run(self) -> str:
        """The run's id: 12 hex digits over all that decides its result, whatever machines it runs on."""
        configs = self.configs()
        configs["training"] = {k: v for k, v in configs["training"].items() if k not in _HOW}
        parts: dict[str, Any] = {
            "model": self.model.name,
            "configs": configs,
            "dataset": self.dataset.version,
            "code": self.code,
        }
        if self.model.small:  # its version is no other's, though the settings be the same
            parts["smoke"] = True
        return short_hash(parts)

    def configs(self) -> dict[str, dict[str, Any]]:
        """Each part's configuration, by part."""
        parts = {"model": self.model.config, "training": self.model.training, "data": self.model.data}
        return {name: part.model_dump(mode="json") for name, part in parts.items()}

    def as_dict(self) -> dict[str, Any]:
        """For events."""
        training, parameters = self.model.training, self.model.config.parameters
        steps = self.dataset.records["train"] // training.batch_size * training.epochs
        return {
            "run": self.run,
            "model": self.model.name,
            "parameters": parameters,
            # Weights, their gradients, and Adam's two moments.
            "state_bytes": None if parameters is None else 4 * _FP32 * parameters,
            "dataset": self.dataset.name,
            "dataset_version": self.dataset.version,
            "dataset_bytes": sum(file.size for file in self.dataset.files),
            "epochs": training.epochs,
            "steps": steps if self.model.counted else None,
            "records_per_rank": training.batch_size // self.world_size,
            "configs": self.configs(),
            "training": self.configs()["training"],
            "world_size": self.world_size,
        }


def make_plan(model: ModelSpec, data: str | None, buckets: Buckets, world_size: int) -> Plan:
    """The run that is asked for; raises InvalidInputError where it cannot be."""
    name, _, version = (data or model.dataset).partition("@")
    dataset = store.find(buckets.data, name, version or None)
    sharded = any(file.name == INDEX for file in dataset.files)
    refuse(model, dataset.records["train"], world_size, sharded=sharded)
    package = model.task.rpartition(":")[0].rpartition(".")[0]
    return Plan(
        model=replace(model, config=model.fit(model.config, dataset)),
        dataset=dataset,
        code=code_version((*_CODE, package)),
        world_size=world_size,
    )
