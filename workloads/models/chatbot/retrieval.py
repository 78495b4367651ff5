"""Which answer is nearest to a question, and from which score on it may be given."""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from workloads.data.support import Asked
from workloads.models.chatbot.network import Encoder
from workloads.models.sentiment.task import encode

_BATCH = 64
NONE = -1
"""The number of the answer that there is not."""


def answers_of(known: list[Asked]) -> list[str]:
    """The answers, in the order of their numbers."""
    return list(dict.fromkeys(answer for _, answer in known if answer is not None))


def numbers(asked: list[Asked], answers: list[str]) -> Tensor:
    """Each question's answer by number (n,); NONE where it must be refused."""
    return torch.tensor([NONE if answer is None else answers.index(answer) for _, answer in asked])


@torch.inference_mode()
def place(network: Encoder, tokenizer: Tokenizer, texts: list[str], most: int) -> Tensor:
    """Where the texts are (n, dim)."""
    device = network.threshold.device
    parts = [texts[first : first + _BATCH] for first in range(0, len(texts), _BATCH)]
    return torch.cat([network(*(x.to(device) for x in encode(tokenizer, part, most))) for part in parts])


@dataclass(frozen=True)
class Knowledge:
    """Where the known questions and the answers are (n, dim), and the number of each one's answer (n,)."""

    places: Tensor
    owners: Tensor


def placed(network: Encoder, tokenizer: Tokenizer, known: list[Asked], most: int) -> Knowledge:
    """What is known, as the network is now."""
    answers = answers_of(known)
    places = place(network, tokenizer, [*(question for question, _ in known), *answers], most)
    owners = torch.cat([numbers(known, answers), torch.arange(len(answers))])
    return Knowledge(places, owners.to(places.device))


def nearest(
    network: Encoder, tokenizer: Tokenizer, known: Knowledge, questions: list[str], most: int
) -> tuple[Tensor, Tensor]:
    """The best score (n,) and the answer's number (n,): by the nearest known question or answer."""
    score, entry = (place(network, tokenizer, questions, most) @ known.places.T).max(1)
    return score, known.owners[entry]


def calibrate(scores: Tensor, found: Tensor, true: Tensor, *, false_answers: float) -> float:
    """The lowest score from which on no more than that share of all questions is answered wrongly."""
    order = scores.argsort(descending=True)
    wrong = (found[order] != true[order]).double().cumsum(0) / len(scores)
    sorted_scores = scores[order]
    allowed = [number for number in range(len(scores)) if float(wrong[number]) <= false_answers]
    # Equal scores are answered together.
    whole = [n for n in allowed if n + 1 == len(scores) or float(sorted_scores[n + 1]) < sorted_scores[n]]
    if not whole:
        return float("inf")
    last = whole[-1]
    below = float(sorted_scores[last + 1]) if last + 1 < len(scores) else float(sorted_scores[last])
    return (float(sorted_scores[last]) + below) / 2


def outcome(scores: Tensor, found: Tensor, true: Tensor, threshold: float) -> dict[str, float]:
    """coverage: of what can be answered, rightly; false_answers: of all; refused: of what must be."""
    given, known = scores >= threshold, true != NONE
    right = given & (found == true)
    return {
        "coverage": round(float(right.sum()) / float(known.sum()), 6),
        "false_answers": round(float((given & (found != true)).sum()) / len(true), 6),
        "refused": round(float((~given & ~known).sum()) / float((~known).sum()), 6),
        "records": len(true),
    }
