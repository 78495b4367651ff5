"""What is said of settings that break a rule."""

from collections.abc import Sequence

import pulumi


class InvalidSettings(pulumi.RunError, ValueError):  # noqa: N818 - named as in the contracts between parts
    """All that is wrong with an environment's settings, a line each: ``field: value: rule; fix``.

    A ``pulumi.RunError``, so that an engine prints the lines and no traceback.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def problem(field: str, value: object, rule: str, fix: str) -> str:
    """One line of printable text; long parts are cut."""
    return f"{_line(field, 120)}: {_line(str(value), 60)}: {_line(rule, 200)}; {_line(fix, 300)}"


def _line(text: str, length: int) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return shown if len(shown) <= length else f"{shown[: length - 3]}..."
