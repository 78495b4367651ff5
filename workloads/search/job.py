"""A search as each of its processes is told of it: plain data, read before torch is needed."""

from dataclasses import dataclass

from workloads.fingerprint import code_version, short_hash
from workloads.models.spec import ModelSpec
from workloads.search.config import SearchConfig
from workloads.search.space import Space
from workloads.site import Site
from workloads.training.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is searched, on which data, and under which name it is kept."""

    model: ModelSpec
    data: str
    """NAME@VERSION."""
    site: Site
    space: Space
    config: SearchConfig
    study: str

    @property
    def by(self) -> str:
        """The metric that is looked at."""
        auto = "accuracy" if self.model.classify else "loss"
        return auto if self.config.by == "auto" else self.config.by

    @property
    def prefix(self) -> str:
        """The key under which the study lies in the checkpoint bucket."""
        return f"search/{self.model.name}/{self.study}/"


def make_job(model: ModelSpec, plan: Plan, site: Site, space: Space, config: SearchConfig) -> Job:
    """A search of `space`, named by data, settings, code and space, not by how many trials and workers."""
    dimensions = {name: dimension.model_dump() for name, dimension in space.items()}
    how = config.model_dump(exclude={"trials", "workers"})
    code = code_version(("workloads.search", "workloads.folds"))
    return Job(
        model=model,
        data=f"{plan.dataset.name}@{plan.dataset.version}",
        site=site,
        space=space,
        config=config,
        study=short_hash([plan.run, dimensions, how, code]),
    )
