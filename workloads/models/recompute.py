"""Activation checkpointing of transformers' networks: each layer keeps its inputs, and is computed twice."""

from torch import nn
from transformers import PreTrainedModel

from workloads.errors import InvalidInputError
from workloads.training.dropout import again


def recomputing(body: nn.Module, wished: bool) -> nn.Module:
    """`body`, which computes its layers twice where that is `wished`; raises InvalidInputError."""
    if wished:
        if not (isinstance(body, PreTrainedModel) and body.supports_gradient_checkpointing):
            rule = f"must be left out for {type(body).__name__}, of which transformers recomputes nothing"
            raise InvalidInputError("--model-recompute", "true", rule, "leave it out, or lower --batch-size")
        body.activation_checkpointing_enable({"use_reentrant": False, "context_fn": again})
    return body
