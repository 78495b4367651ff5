"""What cannot be given a phraser, told before anything is loaded."""

from workloads.errors import InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.registry.card import Card


def refuse_model(spec: ModelSpec) -> None:
    """Raise InvalidInputError for a model whose answers are not phrased."""
    if not spec.phrased:
        known = ", ".join(sorted(name for name, model in MODELS.items() if model.phrased))
        rule = f"must be one whose answers are phrased: {known}"
        raise InvalidInputError("model", spec.name, rule, "take it")


def refuse_phrased(card: Card) -> None:
    """Raise InvalidInputError for a version that has a phraser."""
    if card.phrasing:
        rule, fix = f"is phrased by {card.phrasing.by}", f"give --version {card.phrasing.parent}, its parent"
        raise InvalidInputError("version", card.version, rule, fix)
