"""Which form a model is served in."""

from typing import Any

from workloads.command import validate
from workloads.models.spec import ModelSpec
from workloads.objects import Bucket
from workloads.registry.card import Card
from workloads.serving.form import Form, Rows, Texts
from workloads.serving.prompts import Prompts


def form_of(spec: ModelSpec, card: Card, bucket: Bucket) -> Form:
    """The form of a model that is served."""
    if spec.served == "texts":
        return Texts(bucket)
    if spec.served == "prompts":
        return Prompts()
    config: Any = validate(type(spec.config), card.config.model, fix="train the model again")
    return Rows(config.width, config.classes)
