"""Questions as tokens; each is drawn to its answer and away from all others; a calibrated threshold."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import AutoModel

from workloads.command import expect
from workloads.data.support import TRAIN, Asked, read_parts
from workloads.models.chatbot.config import AnsweringConfig, EncoderConfig
from workloads.models.chatbot.network import Encoder
from workloads.models.chatbot.retrieval import answers_of, calibrate, nearest, numbers, outcome, placed
from workloads.models.recompute import recomputing
from workloads.models.sentiment.checkpoint import locate, tokenizer_of
from workloads.models.sentiment.task import encode
from workloads.models.spec import ModelSpec
from workloads.training.ranks import Ranks
from workloads.training.task import Batch, Network


@dataclass(frozen=True)
class Support:
    """What is known, what calibrates, what judges."""

    network: nn.Module
    answering: AnsweringConfig
    device: torch.device
    known: list[Asked]
    calibration: list[Asked]
    test: list[Asked]
    tokenizer: str
    knowledge: str
    unit = "samples"
    units_per_record = 1

    @property
    def records(self) -> int:
        """How many questions there are to learn from."""
        return len(self.known)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """No random numbers."""
        return torch.zeros(n, 0)

    def batch(self, chosen: Tensor, draws: Tensor) -> Batch:
        """Tokens and masks of the chosen questions and of every answer, and which answers are theirs."""
        answers = answers_of(self.known)
        asked = [self.known[number] for number in chosen.tolist()]
        texts = [*(question for question, _ in asked), *answers]
        tokens, mask = encode(Tokenizer.from_str(self.tokenizer), texts, self.answering.max_tokens)
        return tokens.to(self.device), mask.to(self.device), numbers(asked, answers).to(self.device)

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Softmax of each question's answer among all."""
        tokens, mask, labels = batch
        places = network(tokens, mask).float()
        questions, answers = places[: len(labels)], places[len(labels) :]
        return cross_entropy(questions @ answers.T / self.answering.temperature, labels)

    def judge(self, network: nn.Module, ranks: Ranks) -> dict[str, float]:
        """Calibrate on one part of the held-out questions, and judge on the other.

        Every rank does all of it, so that all have the same threshold, which is one of the weights.
        """
        if not isinstance(network, Encoder):
            raise TypeError(type(network).__name__)
        scores, found, true = self._answered(network, self.calibration)
        threshold = calibrate(scores, found, true, false_answers=self.answering.false_answers)
        network.threshold.fill_(threshold)
        result = outcome(*self._answered(network, self.test), threshold)
        # No number of JSON's is infinite: a cosine of 2 is as much out of reach.
        return {**result, "threshold": round(min(threshold, 2.0), 6)}

    def attachments(self) -> dict[str, str]:
        """The tokenizer and what is known."""
        return {"tokenizer.json": self.tokenizer, TRAIN: self.knowledge}

    def _answered(self, network: Encoder, asked: list[Asked]) -> tuple[Tensor, Tensor, Tensor]:
        questions, most = [question for question, _ in asked], self.answering.max_tokens
        tokenizer = Tokenizer.from_str(self.tokenizer)
        known = placed(network, tokenizer, self.known, most)
        scores, found = nearest(network, tokenizer, known, questions, most)
        return scores.cpu(), found.cpu(), numbers(asked, answers_of(self.known))


def open_support(spec: ModelSpec, files: Mapping[str, bytes], ranks: Ranks) -> Support:
    """The questions in memory, and the checkpoint's encoder."""
    config, answering = expect(EncoderConfig, spec.config), expect(AnsweringConfig, spec.data)
    tokenizer = tokenizer_of(config.checkpoint, most=answering.max_tokens)
    place = locate(config.checkpoint)
    known, calibration, test = read_parts(files)
    network = spec.build()
    body = AutoModel.from_pretrained(place, add_pooling_layer=False, torch_dtype=torch.float32)
    network.body = recomputing(body, config.recompute)
    network.train()
    return Support(
        network.to(ranks.device),
        answering,
        ranks.device,
        known,
        calibration,
        test,
        tokenizer=tokenizer,
        knowledge=files[TRAIN].decode(),
    )
