"""Labelled texts as tokens in memory, cross entropy, a classification report."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import AutoModelForSequenceClassification

from workloads.command import expect
from workloads.data.content import AGAIN, names_of
from workloads.data.reviews import LABELS, TEST, TRAIN, read_reviews
from workloads.errors import CorruptDataError
from workloads.models.recompute import recomputing
from workloads.models.sentiment.checkpoint import locate, tokenizer_of
from workloads.models.sentiment.config import ClassifierConfig, ReadingConfig
from workloads.models.spec import ModelSpec
from workloads.training.evaluation import confuse, metrics
from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Network

_BATCH = 32


@dataclass(frozen=True)
class Texts:
    """Tokens and masks (n, t) and classes (n,) of one split."""

    tokens: Tensor
    mask: Tensor
    labels: Tensor

    def take(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """The chosen texts, no longer than the longest of them."""
        mask = self.mask[chosen]
        longest = int(mask.sum(1).max())
        return self.tokens[chosen, :longest], mask[:, :longest]


@dataclass(frozen=True)
class Reviews:
    """Both splits, the classes' names, and the checkpoint's tokenizer."""

    network: nn.Module
    train: Texts
    test: Texts
    labels: list[str]
    names: dict[str, str]
    unit = "samples"
    units_per_record = 1

    @property
    def records(self) -> int:
        """How many texts there are to learn from."""
        return len(self.train.labels)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """No random numbers."""
        return torch.zeros(n, 0)

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """Tokens, masks and classes of the chosen texts."""
        chosen = chosen.to(self.train.labels.device)
        return (*self.train.take(chosen), self.train.labels[chosen])

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Cross entropy, averaged over the batch."""
        tokens, mask, labels = batch
        return cross_entropy(network(tokens, mask).float(), labels)

    def judge(self, network: nn.Module, ranks: Ranks) -> dict[str, float]:
        """Accuracy and macro F1, and each class's precision, recall and F1."""
        confusion, loss = confuse(
            lambda chosen: network(*self.test.take(chosen)),
            self.test.labels,
            ranks,
            len(self.labels),
            _BATCH,
        )
        return {**metrics(confusion, loss).as_dict(), **report(confusion, self.labels)}

    def attachments(self) -> dict[str, str]:
        """The tokenizer, and the classes' names."""
        return self.names


def report(confusion: Tensor, labels: list[str]) -> dict[str, float]:
    """Precision, recall and F1 of each class, from a confusion matrix (true class, predicted class)."""
    found = {}
    for number, label in enumerate(labels):
        hits, true, predicted = (
            float(part)
            for part in (confusion[number, number], confusion[number].sum(), confusion[:, number].sum())
        )
        for name, value, of in (
            ("precision", hits, predicted),
            ("recall", hits, true),
            ("f1", 2 * hits, true + predicted),
        ):
            found[f"{label}.{name}"] = round(value / of, 6) if of else 0.0
    return found


def open_reviews(spec: ModelSpec, files: Mapping[str, bytes], ranks: Ranks) -> Reviews:
    """The texts as tokens, and the checkpoint with a fresh layer for the classes."""
    config, reading = expect(ClassifierConfig, spec.config), expect(ReadingConfig, spec.data)
    trained = tokenizer_of(config.checkpoint, most=reading.max_tokens)
    tokenizer = Tokenizer.from_str(trained)
    train, test = (read(tokenizer, files, name, reading.max_tokens, ranks) for name in (TRAIN, TEST))
    labels = names_of(files[LABELS], LABELS)
    if len(labels) != config.classes:
        rule = f"must have {config.classes} names, as the data set says"
        raise CorruptDataError(LABELS, len(labels), rule, AGAIN)
    network = spec.build()
    body = AutoModelForSequenceClassification.from_pretrained(
        locate(config.checkpoint), num_labels=config.classes, torch_dtype=torch.float32
    )
    network.body = recomputing(body, config.recompute)
    network.train()
    names = {"tokenizer.json": trained, LABELS: files[LABELS].decode()}
    return Reviews(network.to(ranks.device), train, test, labels, names)


def read(tokenizer: Tokenizer, files: Mapping[str, bytes], name: str, most: int, ranks: Ranks) -> Texts:
    """One split as tokens, cut to `most` a text."""
    texts, classes, _ = read_reviews(files, name)
    tokens, mask = encode(tokenizer, texts, most)
    return Texts(tokens.to(ranks.device), mask.to(ranks.device), torch.tensor(classes, device=ranks.device))


def encode(tokenizer: Tokenizer, texts: list[str], most: int) -> tuple[Tensor, Tensor]:
    """Tokens and masks (n, t) of texts, padded to the longest."""
    tokenizer.enable_truncation(most)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(texts)
    ids, mask = [e.ids for e in encoded], [e.attention_mask for e in encoded]
    return torch.tensor(ids), torch.tensor(mask)
