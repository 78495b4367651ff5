"""Who may answer together: versions that learnt the same data, read alike, and can be opened as they are."""

from collections.abc import Sequence

from workloads.asking.version import Loaded
from workloads.errors import InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS
from workloads.registry.card import Card

_FIELD = "--of"


def refuse_model(spec: ModelSpec) -> None:
    """Raise InvalidInputError for a model that is no classifier."""
    if not spec.classify:
        known = ", ".join(sorted(name for name, model in MODELS.items() if model.classify))
        raise InvalidInputError("model", spec.name, f"must be a classifier: {known}", "take it")


def refuse_cards(cards: Sequence[Card]) -> None:
    """Raise InvalidInputError unless these are two and more versions that can be taken together."""
    versions = [card.version for card in cards]
    if len({*versions}) < max(2, len(versions)):
        rule = "must be two versions and more, each once"
        raise InvalidInputError(_FIELD, " ".join(versions), rule, "correct it")
    first = cards[0]
    for card in cards:
        if card.ensemble:
            raise InvalidInputError(_FIELD, card.version, "is an ensemble itself", "name its members")
        if card.privacy:
            rule = "is private, and what several of them tell of a record is not accounted for"
            raise InvalidInputError(_FIELD, card.version, rule, "leave it out")
        if (card.dataset.name, card.dataset.version) != (first.dataset.name, first.dataset.version):
            rule = f"learnt {card.dataset.name} {card.dataset.version}, and {first.version} another data set"
            raise InvalidInputError(_FIELD, card.version, rule, "take versions of one data set")
        if card.config.data != first.config.data:
            rule = f"reads its data otherwise than {first.version}"
            raise InvalidInputError(_FIELD, card.version, rule, "take versions of the same --data settings")


def refuse_loaded(members: Sequence[Loaded]) -> None:
    """Raise InvalidInputError for a member that cannot be one, or that was registered with other texts."""
    for member in members:
        version = member.card.version
        if member.form != "fp32":
            rule = f"is in {member.form}: its file is none that several can share"
            raise InvalidInputError(_FIELD, version, rule, "take the version that it was made of")
        if member.attachments != members[0].attachments:
            rule = f"has another tokenizer or other labels than {members[0].card.version}"
            raise InvalidInputError(_FIELD, version, rule, "take versions that share them")
