"""The steps by name: each makes a candidate of a candidate, in whatever order they are asked for."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from safetensors.torch import save
from torch import Tensor, nn

from workloads.asking.half import Half
from workloads.asking.onnx_network import OnnxNetwork, attached
from workloads.asking.version import Loaded
from workloads.compression.distil import distil
from workloads.compression.onnx import export, quantise
from workloads.errors import InvalidInputError
from workloads.models.spec import load
from workloads.registry.card import ONNX_FILE, WEIGHTS_FILE
from workloads.settings import NetworkSettings
from workloads.training.batches import batches
from workloads.training.ranks import ALONE
from workloads.training.task import Task


@dataclass(frozen=True)
class Candidate:
    """A network on its way, with all that steps need."""

    network: nn.Module
    config: NetworkSettings
    parent: Loaded
    task: Task

    def content(self) -> bytes:
        """Its file: ONNX or safetensors, with the parent's attachments."""
        if isinstance(self.network, OnnxNetwork):
            return attached(self.network.content, self.parent.attachments)
        network = self.network.network if isinstance(self.network, Half) else self.network
        tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
        return save(tensors, metadata={"format": "pt", **self.parent.attachments})

    @property
    def file(self) -> str:
        """What its file is called."""
        return ONNX_FILE if isinstance(self.network, OnnxNetwork) else WEIGHTS_FILE

    def example(self) -> tuple[Tensor, ...]:
        """What the network is given, two records of it."""
        training = self.parent.spec.training
        (parts, *_) = batches(self.task, training, 0, ALONE)
        return tuple(given[:2] for given in parts[0][:-1])


def _prune(candidate: Candidate, share: str) -> Candidate:
    spec = candidate.parent.spec
    if spec.prune is None:
        rule = f"must be a step for {spec.name}, from which nothing can be taken out"
        raise InvalidInputError("--steps", "prune", rule, "leave it out")
    network, config = load(spec.prune)(candidate.network, candidate.config, _number(share, 0.5, "prune"))
    return replace(candidate, network=network, config=config)


def _distil(candidate: Candidate, epochs: str) -> Candidate:
    count = round(_number(epochs, 3, "distil", most=1000))
    distil(candidate.network, candidate.parent.network, candidate.task, candidate.parent.spec.training, count)
    return candidate


def _bf16(candidate: Candidate, _argument: str) -> Candidate:
    return replace(candidate, network=Half(candidate.network))


def _onnx(candidate: Candidate, _argument: str) -> Candidate:
    return replace(candidate, network=export(candidate.network, candidate.example()))


def _int8(candidate: Candidate, _argument: str) -> Candidate:
    made = candidate if isinstance(candidate.network, OnnxNetwork) else _onnx(candidate, "")
    if not isinstance(made.network, OnnxNetwork):
        raise TypeError(type(made.network).__name__)
    return replace(made, network=quantise(made.network))


STEPS: Mapping[str, Callable[[Candidate, str], Candidate]] = {
    "prune": _prune,
    "distil": _distil,
    "bf16": _bf16,
    "onnx": _onnx,
    "int8": _int8,
}
"""`prune:SHARE`, `distil:EPOCHS`, `bf16`, `onnx`, `int8`."""


_AFTER: Mapping[type[nn.Module], tuple[str, ...]] = {OnnxNetwork: ("int8",), Half: ()}


def take(candidate: Candidate, steps: str) -> Candidate:
    """The candidate after all steps; raises InvalidInputError naming one that cannot be taken there."""
    candidate = replace(candidate, network=copy.deepcopy(candidate.network))
    for step in steps.split(","):
        name, _, argument = step.partition(":")
        if name not in STEPS:
            raise InvalidInputError("--steps", step, f"must be one of {', '.join(STEPS)}", "correct it")
        if isinstance(candidate.network, OnnxNetwork | Half) and name not in _AFTER[type(candidate.network)]:
            rule = "must come before bf16, onnx and int8; int8 may follow onnx"
            raise InvalidInputError("--steps", step, rule, "put it there")
        candidate = STEPS[name](candidate, argument)
    return candidate


def _number(text: str, default: float, step: str, *, most: float = 0.99) -> float:
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if not 0 < value <= most:
        rule = f"must be a number above 0, at most {most:g}"
        raise InvalidInputError("--steps", f"{step}:{text}", rule, f"write {step}:{default:g}")
    return value
