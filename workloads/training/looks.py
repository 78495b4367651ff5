"""When the ranks look up from their work: at the loss, the clock, and whether one was asked to stop."""

import time

import torch

from workloads.training.ranks import Ranks

_MOST = 8
_SECONDS = 1.0


class Looks:
    """Every eighth step, or oftener where steps are long.

    A look costs a little, and a wish to stop waits for the next: a second, or a step that is longer.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._every = self._left = 1
        self._since = time.perf_counter()

    def due(self) -> bool:
        """Whether they look after this step, which is counted; the same on every rank."""
        self._left -= 1
        return self._left == 0

    def any(self, wish: bool) -> bool:
        """Whether any rank has that wish; when the next look is follows from what the steps took on all."""
        now = time.perf_counter()
        taken = (now - self._since) / self._every
        told = torch.tensor([float(wish), taken], device=self._ranks.device)
        asked, seconds = self._ranks.sum(told).tolist()
        mean = seconds / self._ranks.world_size
        self._every = self._left = int(max(1, min(_MOST, _SECONDS / mean)))
        self._since = now
        return bool(asked)
