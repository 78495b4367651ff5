"""Texts a second and accuracy: our loop, and transformers' own Trainer, from the same checkpoint.

Equal batch, length, precision (fp32), steps, optimizer (AdamW), rate and schedule (a cosine after a warm-up).
Both start anew from MiniLM in every round; loading it is not counted, judging is in ours, with 8 texts. Both
pad a batch to its longest text. Trainer needs accelerate, which datahall does not: put it where Python finds
it (`uv pip install --no-deps --target DIR accelerate`).
"""

import importlib.util
import itertools
import tempfile
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments

from benchmarks.training.ours import configured, learn
from benchmarks.training.timing import Pair, Took, median, timed
from workloads.command import expect
from workloads.data import reviews
from workloads.models.sentiment.checkpoint import describe, locate
from workloads.models.sentiment.config import ClassifierConfig
from workloads.models.sentiment.task import Reviews, Texts
from workloads.models.table import MODELS
from workloads.training.ranks import ALONE

_TEXTS = 256
_BATCH = 16
_CLASSES = 2


def run(rounds: int) -> list[Pair]:
    """One epoch of 256 texts, batches of 16; texts a second, and how many held-out texts are wrong."""
    if importlib.util.find_spec("accelerate") is None:
        raise SystemExit(
            "sentiment: transformers' Trainer needs accelerate, which is not there; see this file"
        )
    spec = configured(MODELS["sentiment"].smaller(), epochs=1, batch_size=_BATCH, precision="fp32")
    files = reviews.made().files
    config = expect(ClassifierConfig, spec.config)
    architecture, _ = describe(config.checkpoint, _CLASSES)
    shape = config.model_copy(update={"classes": _CLASSES, "architecture": architecture})
    spec = replace(spec, config=shape)
    took: dict[str, list[Took]] = {"ours": [], "theirs": []}
    wrong: dict[str, list[float]] = {"ours": [], "theirs": []}
    for seed in itertools.islice(itertools.count(1), rounds):
        torch.manual_seed(seed)
        task = spec.open(files, ALONE)
        assert isinstance(task, Reviews)
        first = torch.arange(min(_TEXTS, task.records))
        tokens, mask = task.train.take(first)
        task = replace(task, train=Texts(tokens, mask, task.train.labels[first]))
        seeded = configured(spec, seed=seed)
        short = replace(task, test=Texts(tokens[:8], mask[:8], task.train.labels[:8]))
        took["ours"].append(timed(partial(learn, seeded, short)))
        task.network.eval()
        wrong["ours"].append(1 - task.judge(task.network, ALONE)["accuracy"])

        trainer = _trainer(shape, task, spec.training, seed)
        took["theirs"].append(timed(trainer.train))
        trainer.model.eval()
        judged = task.judge(_Logits(trainer.model), ALONE)
        wrong["theirs"].append(1 - judged["accuracy"])
    mine, other = (median(took[who]) for who in ("ours", "theirs"))
    told = [f"{who} {sum(wrong[who]) / rounds:.3f}" for who in wrong]
    return [Pair(f"sentiment, wrong: {', '.join(told)}", "texts/s", mine, other, _TEXTS)]


class _Logits(torch.nn.Module):
    """Their model, called as ours is."""

    def __init__(self, body: Any) -> None:  # noqa: ANN401 - theirs
        super().__init__()
        self.body = body

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.body(input_ids=tokens, attention_mask=mask).logits
        return logits


class _Rows(Dataset[dict[str, torch.Tensor]]):
    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts.labels)

    def __getitem__(self, at: int) -> dict[str, torch.Tensor]:
        texts = self.texts
        return {"input_ids": texts.tokens[at], "attention_mask": texts.mask[at], "labels": texts.labels[at]}


def _together(rows: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    made = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
    longest = int(made["attention_mask"].sum(1).max())
    return {name: part if name == "labels" else part[:, :longest] for name, part in made.items()}


def _trainer(config: ClassifierConfig, task: Reviews, training: Any, seed: int) -> Any:  # noqa: ANN401 - theirs
    model = AutoModelForSequenceClassification.from_pretrained(
        locate(config.checkpoint), num_labels=config.classes, dtype=torch.float32
    )
    arguments = TrainingArguments(
        output_dir=tempfile.gettempdir(),
        per_device_train_batch_size=_BATCH,
        num_train_epochs=1,
        learning_rate=training.lr,
        weight_decay=training.weight_decay,
        max_grad_norm=training.clip,
        warmup_steps=round(training.warmup * len(task.train.labels) / _BATCH),
        lr_scheduler_type="cosine",
        optim="adamw_torch_fused",
        seed=seed,
        use_cpu=True,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        logging_strategy="no",
        dataloader_drop_last=True,
    )
    return Trainer(model=model, args=arguments, train_dataset=_Rows(task.train), data_collator=_together)
