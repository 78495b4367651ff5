"""The tokenizer: byte-level BPE, so that any text has tokens and comes back the same."""

from collections.abc import Iterable

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from workloads.errors import InvalidInputError

END = "<|end|>"


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> str:
    """A tokenizer of exactly `vocabulary` tokens as JSON; raises InvalidInputError for too little text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if tokenizer.get_vocab_size() != vocabulary:
        rule = f"must be no more than the {tokenizer.get_vocab_size()} tokens that the text gives"
        raise InvalidInputError("--model-vocabulary", vocabulary, rule, "lower it, or give more text")
    trained: str = tokenizer.to_str()
    return trained


def open_tokenizer(trained: str) -> Tokenizer:
    """The tokenizer that `train_tokenizer` gave."""
    return Tokenizer.from_str(trained)


def byte_lengths(trained: str) -> Tensor:
    """How many bytes of text each token is, by its number; an end is none.

    In byte-level BPE a character of a token stands for a byte (Radford et al., 2019).
    """
    vocabulary = open_tokenizer(trained).get_vocab()
    lengths = torch.zeros(len(vocabulary), dtype=torch.long)
    for token, number in vocabulary.items():
        lengths[number] = 0 if token == END else len(token)
    return lengths
