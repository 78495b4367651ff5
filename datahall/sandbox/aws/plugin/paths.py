"""JMESPath, the words in which rows say where in an answer a value stands (botocore's own choice)."""

from __future__ import annotations

from functools import cache
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it ships no types


def search(path: str, answer: object) -> Any:  # noqa: ANN401  # whatever stands there
    """What a path finds in an answer; None if nothing."""
    return _compiled(path).search(answer)


@cache
def _compiled(path: str) -> Any:  # noqa: ANN401  # jmespath ships no types
    return jmespath.compile(path)
