"""What a user is told when something is wrong, and with which exit code.

Exit codes: 0 done; 1 something failed that is not the user's mistake (a crash, changes under
``--expect-no-changes``); 2 a user's mistake or a refusal (bad input, a policy violation); 130 interrupted;
141 the reader of our output went away.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

INTERRUPTED = 130
BROKEN_PIPE = 141


@dataclass
class UserError(Exception):
    """A user's mistake: the field, the value it has, the rule it breaks, and how to fix it.

    ``others`` are further mistakes that were found with it.
    """

    field: str
    value: str
    rule: str
    fix: str
    others: tuple["UserError", ...] = ()

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.field, self.value, self.rule) if part)
        return "; ".join(part for part in (where, self.fix) if part)

    @classmethod
    def of(cls, text: str) -> "UserError":
        """The four parts of ``field: value: rule; fix``; a text of another form is kept as the rule."""
        where, _, fix = text.rpartition("; ")
        parts = where.split(": ", 2)
        if "\n" in text or len(parts) < 3:
            return cls("", "", text, "")
        field, value, rule = parts
        return cls(field, value, rule, fix)

    @classmethod
    def of_lines(cls, lines: Sequence[str]) -> "UserError":
        """The first of several mistakes, with the others beside it."""
        first, *others = [cls.of(line) for line in lines]
        return replace(first, others=tuple(others))


class OperationError(Exception):
    """A failure that is nobody's mistake at the keyboard: a short message, exit code 1."""


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """``did you mean X?`` for the nearest of ``known``, else the list of them."""
    names = list(known)
    near = get_close_matches(value, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"choose one of: {', '.join(names)}"


def report(error: UserError | OperationError, *, as_json: bool) -> int:
    """Tell the user on stderr (and, with ``--json``, as one object on stdout); return the exit code."""
    told = [error, *(error.others if isinstance(error, UserError) else ())]
    for each in told:
        print(f"datahall: {each}", file=sys.stderr)
    if as_json:
        first, *others = map(_parts, told)
        print(json.dumps({"error": {**first, "others": others} if others else first}))
    return 2 if isinstance(error, UserError) else 1


def _parts(error: UserError | OperationError) -> dict[str, Any]:
    if isinstance(error, OperationError):
        return {"message": str(error)}
    parts = {"field": error.field, "value": error.value, "rule": error.rule, "fix": error.fix}
    return {"message": str(error), **parts}
