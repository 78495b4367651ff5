"""The encoder, and the score from which on it answers."""

import json
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import AutoConfig, AutoModel

from workloads.models.chatbot.config import EncoderConfig
from workloads.models.recompute import recomputing


class Encoder(nn.Module):
    """Tokens (n, t) and which of them are text (n, t) -> places (n, dim) of length 1."""

    threshold: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        build: Any = AutoModel.from_config
        # Nothing reads the pooler: the mean of the tokens is the text, as the checkpoint was trained.
        body = build(AutoConfig.for_model(**json.loads(config.architecture)), add_pooling_layer=False)
        self.body: nn.Module = recomputing(body, config.recompute)
        self.register_buffer("threshold", torch.full((), torch.inf))  # until it is calibrated: refuse

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """The mean of each text's tokens, made a direction."""
        hidden: Tensor = self.body(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        weights = mask[..., None].to(hidden.dtype)
        return normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)
