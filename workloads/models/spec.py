"""What a model says of itself: plain data, so that nothing here imports torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from workloads.data.manifest import Manifest
from workloads.settings import NetworkSettings, Settings
from workloads.training.config import TrainingConfig

if TYPE_CHECKING:
    from torch import nn

    from workloads.data.stream import Source
    from workloads.training.ranks import Ranks
    from workloads.training.task import Task


PartT = TypeVar("PartT", bound=Settings)


@dataclass(frozen=True)
class Measure:
    """A metric that a compressed version has to keep."""

    name: str
    higher_is_better: bool = True
    share: bool = False
    """Whether its loss is a share of the parent's, as of one that has no top."""


def _as_it_is(config: NetworkSettings, _dataset: Manifest) -> NetworkSettings:
    return config


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One model: the data it learns, its parts' configurations, and where its code is."""

    name: str
    title: str
    dataset: str
    """The data set it learns unless told otherwise."""
    config: NetworkSettings
    data: Settings
    training: TrainingConfig
    headline: str
    """The metric that is shown, and that early stopping looks at."""
    higher_is_better: bool = True
    network: str
    """`module:Class`, built from `config`."""
    task: str
    """`module:function`, which opens the data: see `training.task.Opener`."""
    stream: str | None = None
    """`module:function`, which opens a `data.stream.Source` for `--stream`; None: it reads its data whole."""
    answer: str | None = None
    """`module:function`, which makes a registered version's `asking.said.Answerer`."""
    continues: str | None = None
    """`module:function`, which makes a registered language model's `asking.sampling.Continue`."""
    phrased: bool = False
    """Whether `workloads.phrasing` can give it a language model that puts its answers into words."""
    classify: str | None = None
    """`module:function`, which gives a classifier's scores of the held-out records to `workloads.judging`."""
    explain: str | None = None
    """`module:function`, which shows what counted for some of them."""
    kept: tuple[Measure, ...] = ()
    """What `workloads.compression` judges it by."""
    says: Literal["scores", "places"] = "scores"
    """What a network taught by another is to say alike: scores of which it chooses, or places in a space."""
    prune: str | None = None
    """`module:function`, which takes a share of it out for `workloads.compression`."""
    to_onnx: str | None = None
    """`module:function`, what of the network is exported; None: all of it."""
    from_onnx: str | None = None
    """`module:function`, the network that such a file answers; None: the file is it."""
    timed: str | None = None
    """`module:function`, which makes what `workloads.compression` times, of a network and what that is given
    for one record; None: its answer to that.
    """
    counted: bool = True
    """Whether the data set's own records are learnt, so that a plan can count the steps."""
    dropout: bool = False
    """Whether its network has dropout: see `training.dropout`."""
    private: bool = False
    """Whether the data are in its weights only, and opacus has its layers: see `training.privacy`."""
    served: Literal["rows", "texts", "prompts"] | None = None
    """What `workloads.serving` takes for it: rows of numbers, to which it gives scores of classes; texts,
    to which it gives answers; or prompts, from which it goes on.
    """
    fit: Callable[[NetworkSettings, Manifest], NetworkSettings] = _as_it_is
    """Completes `config` by what only the data set tells."""
    smoke: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Part (training, config, data) -> what `--smoke` changes in it."""
    small: bool = False
    """Whether it is what `--smoke` trains."""

    def build(self, config: NetworkSettings | None = None) -> "nn.Module":
        """The network with fresh weights; imports its module, and torch with it."""
        network: nn.Module = load(self.network)(config or self.config)
        return network

    def open(self, files: Mapping[str, bytes], ranks: "Ranks") -> "Task":
        """The model's data and network, ready to learn; imports its module, and torch with it."""
        task: Task = load(self.task)(self, files, ranks)
        return task

    def open_stream(self, source: "Source", ranks: "Ranks") -> "Task":
        """The same with training data that come as they are needed."""
        task: Task = load(str(self.stream))(self, source, ranks)
        return task

    def smaller(self) -> "ModelSpec":
        """The same, as `--smoke` trains it: through every stage in a minute or two."""
        return replace(
            self,
            small=True,
            training=_changed(self.training, self.smoke.get("training", {})),
            config=_changed(self.config, self.smoke.get("config", {})),
            data=_changed(self.data, self.smoke.get("data", {})),
        )


def _changed(part: PartT, changes: Mapping[str, object]) -> PartT:
    return type(part).model_validate({**part.model_dump(), **changes})


def load(path: str) -> Any:  # noqa: ANN401 - whatever `module:name` is
    """What `module:name` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
