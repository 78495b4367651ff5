"""Text as blocks of tokens, however it comes."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from workloads.models.lm.tokenizer import END, open_tokenizer


def in_blocks(trained: str, parts: Iterable[Sequence[str]], context: int) -> Iterator[Tensor]:
    """Texts, each after an end token, laid end to end and cut: each part's whole blocks (n, context + 1).

    What is left of a part is the beginning of the next; what is left of the last is none. The last token of
    a block is the first of the next, so that each is predicted once.
    """
    tokenizer = open_tokenizer(trained)
    end, ids = int(tokenizer.token_to_id(END) or 0), list[int]()
    for texts in parts:
        ids += [token for each in tokenizer.encode_batch(list(texts)) for token in (end, *each.ids)]
        used = max(0, (len(ids) - 1) // context) * context
        if used:
            yield torch.tensor(ids[: used + 1]).unfold(0, context + 1, context).contiguous()
        else:
            yield torch.zeros(0, context + 1, dtype=torch.long)
        ids = ids[used:]
