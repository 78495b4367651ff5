"""Prompts, and the texts that go on from them: the form of a language model."""

from typing import Any

from workloads.asking.sampling import MOST_TOKENS, Continue, Prompt, Sampling
from workloads.command import validate
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.registry.card import Card
from workloads.serving import instances
from workloads.serving.batcher import Array
from workloads.serving.form import Predict, objects
from workloads.serving.problem import ProblemError


class Prompts:
    """Each request is computed by itself: one that asks for few tokens is not held up in another's batch."""

    alone = True

    @property
    def schema(self) -> dict[str, Any]:
        """A text."""
        return {"type": "string", "minLength": 1}

    @property
    def parameters(self) -> dict[str, Any]:
        """`Sampling`."""
        return Sampling.model_json_schema()

    def parse(self, body: bytes, most: int) -> Array:
        """Prompts (n,), which ask for at most MOST_TOKENS together."""
        texts, parameters = instances.parse_prompts(body, most=most)
        try:
            sampling = validate(Sampling, parameters, fix="see /openapi.json for what there is")
        except InvalidInputError as error:
            field = "parameters" if error.field == Sampling.__name__ else f"parameters.{error.field}"
            raise ProblemError(422, field=field, value=error.value, rule=error.rule, fix=error.fix) from None
        asked = len(texts) * sampling.max_tokens
        if asked > MOST_TOKENS:
            value = f"{len(texts)} x {sampling.max_tokens} tokens"
            rule, fix = f"must be at most {MOST_TOKENS} tokens a request", "send the rest in another request"
            raise ProblemError(413, field="parameters.max_tokens", value=value, rule=rule, fix=fix)
        return objects([Prompt(text, sampling) for text in texts])

    def first(self) -> Array:
        """A token after a greeting."""
        return objects([Prompt("Hello", Sampling(max_tokens=1))])

    def load(self, spec: ModelSpec, card: Card, weights: bytes) -> Predict:
        """Prompts to texts."""
        from workloads.asking.version import load_version  # noqa: PLC0415 - torch, off the main thread
        from workloads.models.spec import load  # noqa: PLC0415

        after: Continue = load(str(spec.continues))(load_version(spec, card, weights))
        return lambda prompts: objects([after(each) for each in prompts.tolist()])

    def check(self, answers: Array) -> None:
        """Texts; an empty one is what a model that ends at once says."""
        if not all(isinstance(each, str) for each in answers.tolist()):
            raise CorruptDataError("warm-up answer", answers, "must be a text", "train the model again")

    def labels(self, answers: Array) -> list[str]:
        """Never the text, of which there are too many."""
        return ["answered"] * len(answers)

    def tell(self, answers: Array) -> list[dict[str, Any]]:
        """The text."""
        return [{"answer": each} for each in answers.tolist()]
