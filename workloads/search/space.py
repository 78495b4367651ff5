"""What is searched: for each model, settings and their ranges, as data; and a space from a file."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from workloads.command import validate
from workloads.errors import InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.settings import Settings

Value = bool | int | float | str

_DIGITS = 4
"""Of a number that is drawn, so that the flag that is told is the value that was tried."""
_PARTS = {"model-": "config", "data-": "data"}
"""A flag's prefix -> the part of a model's specification; anything else is training's."""


class Range(Settings):
    """Numbers from `low` to `high`, both included; with `log` each order of magnitude is as likely."""

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"low {self.low} must be above 0 where log is true")
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values by which a model judges whether the range suits it."""
        return self.low, self.high


class Choices(Settings):
    """One of several values."""

    choices: tuple[Value, ...]

    @model_validator(mode="after")
    def _several(self) -> Self:
        if len(set(self.choices)) < max(2, len(self.choices)):
            raise ValueError("choices must be two or more, each once")
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """All of them."""
        return self.choices


Space = Mapping[str, Range | Choices]
"""A flag without its dashes -> what it may be."""

_WARMUP, _DECAY = Range(low=0.0, high=0.3), Range(low=1e-6, high=0.1, log=True)
_DIGITS_SPACE: Space = {
    "lr": Range(low=5e-4, high=2e-2, log=True),
    "batch-size": Choices(choices=(32, 64, 96, 128)),
    "weight-decay": _DECAY,
    "warmup": _WARMUP,
    "data-rotation": Range(low=0.0, high=20.0),
    "data-shift": Range(low=0.0, high=3.0),
}

# What changes the meaning of the loss (sampled negatives, vocabulary, context) cannot be compared by it.
SPACES: Mapping[str, Space] = {
    "mnist": _DIGITS_SPACE,
    "mnist-cnn": {
        **_DIGITS_SPACE,
        "model-channels": Choices(choices=(8, 16, 32)),
        "model-hidden": Range(low=32, high=256, log=True),
    },
    "lm": {
        "lr": Range(low=3e-4, high=1e-2, log=True),
        "batch-size": Choices(choices=(8, 16, 32)),
        "weight-decay": Range(low=1e-3, high=0.5, log=True),
        "warmup": _WARMUP,
        "clip": Choices(choices=(0.0, 0.5, 1.0, 2.0)),
    },
    "recommender": {
        "lr": Range(low=5e-4, high=5e-2, log=True),
        "batch-size": Choices(choices=(64, 128, 256, 512)),
        "weight-decay": _DECAY,
        "model-dim": Choices(choices=(16, 32, 64)),
        "model-hidden": Choices(choices=(32, 64, 128)),
        "model-temperature": Range(low=0.03, high=0.5, log=True),
    },
    "sentiment": {
        "lr": Range(low=1e-5, high=5e-4, log=True),
        "batch-size": Choices(choices=(8, 16, 32)),
        "weight-decay": _DECAY,
        "warmup": _WARMUP,
    },
    "chatbot": {
        "lr": Range(low=5e-6, high=2e-4, log=True),
        "batch-size": Choices(choices=(4, 8, 16)),
        "weight-decay": _DECAY,
        "warmup": _WARMUP,
    },
}
"""What is searched unless a file says otherwise: sizes that a budget decides are in none."""


def space_of(model: ModelSpec, file: Path | None, given: Collection[str]) -> Space:
    """What is searched: the model's own space or that of `file`, without the flags that were `given`.

    Raises InvalidInputError for what is no setting of the model, does not suit it, or leaves nothing.
    """
    whole = _read(file) if file else SPACES[model.name]
    space = {name: dimension for name, dimension in whole.items() if name not in given}
    if not space:
        rule = f"must leave something to search ({', '.join(whole) or 'nothing'} of which all is given)"
        raise InvalidInputError("--space", file or model.name, rule, "leave a flag out, or add one to a file")
    for name, dimension in space.items():
        if isinstance(dimension, Range) and isinstance(_now(model, name), bool | str):
            raise InvalidInputError(f"--space {name}", dimension, "must be choices, not a range", "give them")
        for value in dimension.ends:
            changed(model, {name: value})
    return {name: _as_its_field(model, name, dimension) for name, dimension in space.items()}


def changed(model: ModelSpec, values: Mapping[str, Value]) -> ModelSpec:
    """The model with other settings; raises InvalidInputError for one that it does not have or allow."""
    for name, value in values.items():
        part, field = _place(name)
        _now(model, name)
        before = getattr(model, part)
        prefix = f"--{name.removesuffix(field.replace('_', '-'))}"
        after = validate(type(before), {**before.model_dump(), field: value}, prefix=prefix)
        model = replace(model, **{part: after})
    return model


def flags(values: Mapping[str, Value]) -> list[str]:
    """The values as arguments of a command line."""
    return [text for name, value in values.items() for text in (f"--{name}", str(value))]


def tidy(values: Mapping[str, Any]) -> dict[str, Value]:
    """Numbers with as many digits as are worth telling."""
    return {
        name: float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
        for name, value in values.items()
    }


def _place(name: str) -> tuple[str, str]:
    """The part of a specification that a flag is in, and its field."""
    prefix = next((known for known in _PARTS if name.startswith(known)), "")
    return _PARTS.get(prefix, "training"), name.removeprefix(prefix).replace("-", "_")


def _now(model: ModelSpec, name: str) -> Value:
    part, field = _place(name)
    value = getattr(getattr(model, part), field, None)
    if field in type(getattr(model, part)).model_fields and isinstance(value, bool | int | float | str):
        return value
    fix = f"take names of flags: python -m workloads.training {model.name} --help"
    raise InvalidInputError("--space", name, f"must be a setting of {model.name}", fix)


def _as_its_field(model: ModelSpec, name: str, dimension: Range | Choices) -> Range | Choices:
    """A range's ends as the setting has them: JSON writes 1 for 1.0, and the other way round."""
    if isinstance(dimension, Choices):
        return dimension
    kind = float if isinstance(_now(model, name), float) else int
    return Range(low=kind(dimension.low), high=kind(dimension.high), log=dimension.log)


def _read(file: Path) -> Space:
    try:
        document = json.loads(file.read_text())
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InvalidInputError("--space", file, reason, "name a file that is there") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("--space", file, f"must be JSON ({error})", "correct it") from None
    if not isinstance(document, dict):
        fix = 'write {"lr": {"low": 0.001, "high": 0.1, "log": true}, "batch-size": {"choices": [32, 64]}}'
        raise InvalidInputError("--space", file, "must be an object of settings", fix)
    return {name: _dimension(name, part) for name, part in document.items()}


def _dimension(name: str, part: object) -> Range | Choices:
    kind: type[Range] | type[Choices] = Choices if isinstance(part, dict) and "choices" in part else Range
    return validate(kind, part, prefix=f"--space {name} ")
