"""What a classifier said of the held-out records."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Classified:
    """Probabilities (n, classes), the true classes (n,), and by which parts of the data to look at them."""

    scores: Scores
    labels: NDArray[np.int64]
    names: list[str]
    slices: dict[str, list[str]] = field(default_factory=dict)
    """Name of a division -> each record's part (n)."""


@dataclass(frozen=True)
class Shown:
    """What each part of one record counted for one class; positive parts speak for it."""

    title: str
    weights: NDArray[np.float64]
    """As the record is laid out: (height, width) of an image, (tokens,) of a text."""
    record: NDArray[np.float64] | list[str]
    gap: float
    """How far the sum of the parts is from what they should explain, as a share of it."""
    ablation: NDArray[np.float64] | None = None
    """As `weights`: by how much the score falls when a part is taken out, with all of its group."""
    attention: NDArray[np.float64] | None = None
    """(layers, tokens, tokens) of a transformer, the mean over heads; each row sums to 1."""


def verdict(true: str, said: str, sure: float) -> str:
    """What was said of a record, and whether it is that."""
    judged = "rightly" if said == true else f"but it is {true}"
    return f"{said}, {judged}, {sure:.0%} sure"


def thirds(values: NDArray[np.float64], names: tuple[str, str, str]) -> list[str]:
    """Each value's third among all, by name and where it ends."""
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    told = [f"{names[0]}, to {low:.4g}", f"{names[1]}, to {high:.4g}", f"{names[2]}, above"]
    return [told[int(value > low) + int(value > high)] for value in values]
