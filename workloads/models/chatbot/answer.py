"""How the model is asked: a question, which it answers in the knowledge file's words or refuses."""

from tokenizers import Tokenizer

from workloads.asking.version import Loaded
from workloads.data.support import TRAIN, read_asked
from workloads.models.chatbot.config import AnsweringConfig
from workloads.models.chatbot.network import Encoder
from workloads.models.chatbot.retrieval import answers_of, nearest

REFUSAL = "I do not know that. A person can help you further."


def answer(loaded: Loaded, question: str) -> str:
    """The nearest answer, word for word; REFUSAL where it is not near enough."""
    network = loaded.network
    if not isinstance(network, Encoder):
        raise TypeError(type(network).__name__)
    known = read_asked({TRAIN: loaded.attachment(TRAIN).encode()}, TRAIN)
    tokenizer = Tokenizer.from_str(loaded.attachment("tokenizer.json"))
    most = AnsweringConfig.model_validate(loaded.card.config.data).max_tokens
    score, found = nearest(network, tokenizer, known, [question], most)
    return answers_of(known)[int(found)] if float(score) >= float(network.threshold) else REFUSAL
