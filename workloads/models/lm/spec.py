"""The model's row of the table."""

from workloads.models.lm.config import LMConfig, TextConfig
from workloads.models.spec import Measure, ModelSpec
from workloads.training.config import TrainingConfig

LM = ModelSpec(
    name="lm",
    title="a small causal language model in Llama's form",
    dataset="python-reference",
    config=LMConfig(),
    data=TextConfig(),
    training=TrainingConfig(
        epochs=8, batch_size=16, lr=2e-3, weight_decay=0.1, clip=1.0, precision="auto", warmup=0.05
    ),
    headline="perplexity",
    higher_is_better=False,
    network="workloads.models.lm.network:Transformer",
    task="workloads.models.lm.task:open_language",
    stream="workloads.models.lm.flow:open_stream",
    counted=False,
    answer="workloads.models.lm.answer:open_answer",
    continues="workloads.models.lm.answer:open_continue",
    served="prompts",
    kept=(Measure("perplexity", higher_is_better=False, share=True),),
    prune="workloads.models.lm.pruning:prune",
    timed="workloads.models.lm.generate:open_timed",
    smoke={
        "training": {"epochs": 1, "batch_size": 8},
        "config": {"vocabulary": 1024, "dim": 64, "layers": 2, "heads": 4, "kv_heads": 2, "hidden": 176},
        "data": {"context": 64},
    },
)
