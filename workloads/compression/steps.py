"""The steps by name, in whatever order they are asked for: each makes a candidate of a candidate.

A form (bf16, onnx, int8, int8-torchao) that is asked for in the middle rounds the weights to its
numbers, and holds what follows to them; the last one named is what the network is in the end.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.nn.utils.prune import L1Unstructured, global_unstructured, remove

from workloads.compression.candidate import Candidate, Form
from workloads.compression.distil import distil
from workloads.compression.numbers import rounded
from workloads.errors import InvalidInputError
from workloads.models.spec import load


def _prune(candidate: Candidate, share: str) -> Candidate:
    spec = candidate.parent.spec
    if spec.prune is None:
        rule = f"must be a step for {spec.name}, from which nothing can be taken out"
        raise InvalidInputError("--steps", "prune", rule, "leave it out")
    network, config = load(spec.prune)(candidate.network, candidate.config, _number(share, 0.5, "prune"))
    return replace(candidate, network=network, config=config)


def _sparse(candidate: Candidate, share: str) -> Candidate:
    layers = [module for module in candidate.network.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    weights = [(layer, "weight") for layer in layers]
    global_unstructured(weights, L1Unstructured, amount=_number(share, 0.5, "sparse"))
    for layer in layers:
        remove(layer, "weight")  # type: ignore[no-untyped-call]
    return candidate


def _distil(candidate: Candidate, epochs: str) -> Candidate:
    parent = candidate.parent
    distil(
        candidate.network,
        parent.network,
        candidate.task,
        parent.spec.training,
        epochs=round(_number(epochs, 3, "distil", most=1000)),
        says=parent.spec.says,
        form=candidate.form,
    )
    return candidate


def _form(form: Form, candidate: Candidate, argument: str) -> Candidate:
    if argument:
        raise InvalidInputError("--steps", f"{form}:{argument}", "takes no number", f"write {form}")
    rounded(candidate.network, form)
    return replace(candidate, form=form)


STEPS: Mapping[str, Callable[[Candidate, str], Candidate]] = {
    "prune": _prune,
    "sparse": _sparse,
    "distil": _distil,
    "bf16": partial(_form, "bf16"),
    "onnx": partial(_form, "onnx"),
    "int8": partial(_form, "int8"),
    "int8-torchao": partial(_form, "int8-torchao"),
}
"""`prune:SHARE`, `sparse:SHARE`, `distil:EPOCHS`, `bf16`, `onnx`, `int8`, `int8-torchao`."""


def take(candidate: Candidate, steps: str) -> Candidate:
    """The candidate after all steps; raises InvalidInputError naming one that cannot be taken."""
    candidate = replace(candidate, network=copy.deepcopy(candidate.network))
    torch.manual_seed(candidate.parent.spec.training.seed)
    for step in filter(None, steps.split(",")):
        name, _, argument = step.partition(":")
        if name not in STEPS:
            raise InvalidInputError("--steps", step, f"must be one of {', '.join(STEPS)}", "correct it")
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
