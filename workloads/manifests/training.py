"""What is to be run: one training, and all that its manifests are made of."""

from dataclasses import dataclass

from workloads.manifests.config import ManifestConfig
from workloads.manifests.pool import Pool

MISTAKE = 2
"""The exit code of a training whose input is bad: no start will help."""

Object = dict[str, object]
"""A Kubernetes object."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training on one pool."""

    model: str
    flags: tuple[str, ...]
    image: str
    site: str
    """The site as a file's content."""
    pool: Pool
    config: ManifestConfig

    @property
    def name(self) -> str:
        """Of its objects."""
        return self.config.name or f"train-{self.model}"

    @property
    def labels(self) -> dict[str, str]:
        """On every object and pod."""
        return {
            "app.kubernetes.io/name": self.name,
            "app.kubernetes.io/part-of": "datahall",
            "datahall/model": self.model,
        }

    @property
    def grace_s(self) -> int:
        """Seconds between SIGTERM and SIGKILL; a spot node is gone 120 s after its notice."""
        return self.config.grace_s or (100 if self.pool.spot else 300)

    def meta(self, name: str | None = None) -> Object:
        """An object's metadata."""
        return {"name": name or self.name, "namespace": self.config.namespace, "labels": self.labels}
