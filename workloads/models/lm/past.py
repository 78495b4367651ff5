"""What attention needs of the tokens that a text has so far, kept so that each is run once."""

import torch
from torch import Tensor


class Past:
    """One block's keys, turned by their positions, and values: (n, kv_heads, tokens, head_dim) each."""

    def __init__(self) -> None:
        self._kept: tuple[Tensor, Tensor] | None = None

    @property
    def tokens(self) -> int:
        """How many tokens' there are."""
        return 0 if self._kept is None else self._kept[0].shape[2]

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All there are, with these at the end; raises ValueError for several tokens after others.

        Those would need a mask among themselves, which attention is not given.
        """
        if self._kept is not None:
            if keys.shape[2] != 1:
                raise ValueError(f"{keys.shape[2]} tokens after {self.tokens}: must be one at a time")
            keys = torch.cat([self._kept[0], keys], dim=2)
            values = torch.cat([self._kept[1], values], dim=2)
        self._kept = keys, values
        return self._kept
