"""A greyscale image in characters, two pixels high each, for a terminal or a log."""

from collections.abc import Sequence

_SHADES = " .:-=+*#%@"


def draw(pixels: Sequence[float], *, side: int = 28) -> str:
    """``side`` x ``side`` numbers from 0 to 1, as lines of characters half as many as there are rows."""
    rows = [pixels[start : start + side] for start in range(0, side * side, side)]
    pairs = zip(rows[::2], rows[1::2], strict=True)
    lines = [
        "".join(_shade((a + b) / 2) for a, b in zip(upper, lower, strict=True)) for upper, lower in pairs
    ]
    used = [i for i, line in enumerate(lines) if line.strip()]
    return "\n".join(line.rstrip() for line in lines[used[0] : used[-1] + 1]) if used else ""


def _shade(value: float) -> str:
    return _SHADES[min(int(max(value, 0.0) * len(_SHADES)), len(_SHADES) - 1)]
