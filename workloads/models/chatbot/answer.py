"""How the model is asked: a question, which it answers from the knowledge file or refuses."""

import time
from collections.abc import Sequence

from tokenizers import Tokenizer

from workloads.asking.said import Answerer, Said
from workloads.asking.version import Loaded
from workloads.data.support import TRAIN, read_asked
from workloads.errors import InvalidInputError
from workloads.models.chatbot.config import AnsweringConfig
from workloads.models.chatbot.network import Encoder
from workloads.models.chatbot.retrieval import answers_of, nearest, placed
from workloads.phrasing.phraser import phrased

REFUSAL = "I do not know that. A person can help you further."
REFUSED = "refused"


def open_answer(loaded: Loaded) -> Answerer:
    """Gives the nearest answer, word for word, or as the version's phraser puts it; REFUSAL where it is not
    near enough. All that is asked together has the phraser's seconds together.
    """
    network, phraser = loaded.network, loaded.phraser
    if not isinstance(network, Encoder):
        raise TypeError(type(network).__name__)
    known = read_asked({TRAIN: loaded.attachment(TRAIN).encode()}, TRAIN)
    tokenizer = Tokenizer.from_str(loaded.attachment("tokenizer.json"))
    most = AnsweringConfig.model_validate(loaded.card.config.data).max_tokens
    index, answers = placed(network, tokenizer, known, most), answers_of(known)
    threshold = float(network.threshold)

    def answer(questions: Sequence[str]) -> list[Said | InvalidInputError]:
        scores, found = nearest(network, tokenizer, index, list(questions), most)
        until = time.monotonic() + phraser.seconds if phraser else 0.0
        said = list[Said | InvalidInputError]()
        for question, score, number in zip(questions, scores.tolist(), found.tolist(), strict=True):
            if score < threshold:
                said.append(Said(REFUSAL, REFUSED))
            elif phraser is None:
                said.append(Said(answers[number]))
            else:
                said.append(phrased(phraser, question, answers[number], until))
        return said

    return answer
