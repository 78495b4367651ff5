"""What is served, in either form: how a body becomes instances, and answers a response."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from workloads.asking.said import Answerer, Said
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.objects import Bucket
from workloads.registry.card import Card
from workloads.serving import instances
from workloads.serving.batcher import Array
from workloads.serving.problem import ProblemError

Predict = Callable[[Array], Array]
"""Instances (n, ...) -> answers (n, ...)."""

FAILED = "refused"


class Form(Protocol):
    """One form; all but `load` is quick and needs no torch."""

    @property
    def alone(self) -> bool:
        """Whether each request is computed by itself, in place of with whatever else waits."""
        ...

    @property
    def schema(self) -> dict[str, Any]:
        """An instance's, as OpenAPI has it."""
        ...

    @property
    def parameters(self) -> dict[str, Any] | None:
        """That of what may be sent beside the instances; None: nothing may."""
        ...

    def parse(self, body: bytes, most: int) -> Array:
        """1 to `most` instances; raises ProblemError."""
        ...

    def first(self) -> Array:
        """An instance for the prediction that shows whether all works."""
        ...

    def load(self, spec: ModelSpec, card: Card, weights: bytes) -> Predict:
        """The model; raises CorruptDataError, or InvalidInputError where what it needs is not there."""
        ...

    def check(self, answers: Array) -> None:
        """Raise CorruptDataError unless these are answers of this form."""
        ...

    def labels(self, answers: Array) -> list[str]:
        """What each answer is counted as."""
        ...

    def tell(self, answers: Array) -> list[dict[str, Any]]:
        """Each answer as JSON has it; raises ProblemError for one that is a refusal."""
        ...


@dataclass(frozen=True)
class Rows:
    """Rows of numbers, and scores of classes."""

    width: int
    classes: int
    alone: bool = False
    parameters: None = None

    @property
    def schema(self) -> dict[str, Any]:
        """A list of numbers."""
        number = {"type": "number", "minimum": 0, "maximum": 1}
        return {"type": "array", "items": number, "minItems": self.width, "maxItems": self.width}

    def parse(self, body: bytes, most: int) -> Array:
        """Rows (n, width) of 0-1."""
        return instances.parse(body, width=self.width, most=most)

    def first(self) -> Array:
        """Zeros."""
        return np.zeros((1, self.width), np.float32)

    def load(self, spec: ModelSpec, card: Card, weights: bytes) -> Predict:
        """Rows to probabilities."""
        from workloads.serving.predictor import load_predictor  # noqa: PLC0415 - torch, off the main thread

        return load_predictor(spec, card, weights)

    def check(self, answers: Array) -> None:
        """Probabilities of so many classes."""
        from workloads.serving.predictor import check  # noqa: PLC0415 - as above

        check(answers, self.classes)

    def labels(self, answers: Array) -> list[str]:
        """The likeliest class."""
        return [str(label) for label in answers.argmax(1).tolist()]

    def tell(self, answers: Array) -> list[dict[str, Any]]:
        """Label and scores."""
        rounded = [[round(score, 6) for score in row] for row in answers.tolist()]
        return [{"label": a, "scores": s} for a, s in zip(answers.argmax(1).tolist(), rounded, strict=True)]


@dataclass(frozen=True)
class Texts:
    """Texts, and what is said to them."""

    bucket: Bucket
    """The registry's, where a phraser may be."""
    alone: bool = False
    parameters: None = None

    @property
    def schema(self) -> dict[str, Any]:
        """A text."""
        return {"type": "string", "minLength": 1}

    def parse(self, body: bytes, most: int) -> Array:
        """Texts (n,)."""
        return objects(instances.parse_texts(body, most=most))

    def first(self) -> Array:
        """A greeting: a refusal of it shows as well that all works."""
        return objects(["Hello"])

    def load(self, spec: ModelSpec, card: Card, weights: bytes) -> Predict:
        """Texts to answers."""
        from workloads.asking.version import load_version  # noqa: PLC0415 - as above
        from workloads.models.spec import load  # noqa: PLC0415
        from workloads.phrasing.opened import with_phraser  # noqa: PLC0415

        if spec.answer is None:
            raise TypeError(spec.name)
        answer: Answerer = load(spec.answer)(with_phraser(load_version(spec, card, weights), self.bucket))
        return lambda texts: objects(answer(texts.tolist()))

    def check(self, answers: Array) -> None:
        """Texts, or refusals."""
        if not all(isinstance(each, Said | InvalidInputError) for each in answers.tolist()):
            raise CorruptDataError("warm-up answer", answers, "must be a text", "train the model again")

    def labels(self, answers: Array) -> list[str]:
        """How it came about; never the text, of which there are too many."""
        return [FAILED if isinstance(a, InvalidInputError) else a.how or "answered" for a in answers.tolist()]

    def tell(self, answers: Array) -> list[dict[str, Any]]:
        """Answer, how and note."""
        for number, each in enumerate(answers.tolist()):
            if isinstance(each, InvalidInputError):
                field = f"instances[{number}]"
                raise ProblemError(422, field=field, value=each.value, rule=each.rule, fix=each.fix)
        return [each.as_dict() for each in answers.tolist()]


def body_of(predictions: list[dict[str, Any]], card: Card) -> str:
    """A response's body."""
    model = {"name": card.model, "version": card.version}
    return json.dumps({"predictions": predictions, "model": model}, separators=(",", ":"))


def objects(values: list[Any]) -> Array:
    """Values of any kind as instances (n,)."""
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
