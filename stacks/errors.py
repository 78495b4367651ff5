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
    """One line; long values are cut."""
    text = " ".join(str(value).split())
    return f"{field}: {text if len(text) <= 60 else text[:57] + '...'}: {rule}; {fix}"
