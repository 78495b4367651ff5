"""The classifier, as transformers builds it."""

import json
from typing import Any

from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification

from workloads.models.recompute import recomputing
from workloads.models.sentiment.config import ClassifierConfig


class Classifier(nn.Module):
    """Tokens (n, t) and which of them are text (n, t) -> logits (n, classes)."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        shape = AutoConfig.for_model(**json.loads(config.architecture))
        build: Any = AutoModelForSequenceClassification.from_config
        self.body: nn.Module = recomputing(build(shape), config.recompute)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Logits for each text."""
        logits: Tensor = self.body(input_ids=tokens, attention_mask=mask).logits
        return logits
