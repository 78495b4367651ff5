"""How long a plugin may take: a question, and what a provider does."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Final

from datahall.engine import durations
from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.options import Options

ANSWER: Final = "DATAHALL_ANSWER_SECONDS"
TIMEOUT: Final = "DATAHALL_PROVIDER_TIMEOUT"
FLAG: Final = "--provider-timeout"
ANSWER_SECONDS: Final = 600.0
# Longer than a well-kept provider waits for anything, shorter than the six hours of many a CI service.
TIMEOUT_SECONDS: Final = 3 * 3600.0
GRACE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Limit:
    """Seconds for one call (None: without end), as they are told, and what gives more of them."""

    seconds: float | None
    told: str
    more: str

    def unanswered(self, method: str) -> str:
        """What is said of one that did not answer."""
        return (
            f"did not answer {method} within {self.told}; see what it waits for, "
            f"or give it more time by {self.more}"
        )


@dataclass(frozen=True)
class Limits:
    """Those of a run: for what a policy pack is asked, for a provider's `question` and for its `work`."""

    pack: Limit
    question: Limit
    work: float | None = TIMEOUT_SECONDS

    def of_work(self, custom: float) -> Limit:
        """For a call whose resource has `custom` seconds of its own, 0 for none.

        The provider is told those and may keep them; it gets as long again, a minute at most, to say so.
        """
        if custom:
            grace = min(custom, GRACE_SECONDS)
            told = f"{durations.text(custom)} (its customTimeouts) and {durations.text(grace)} of grace"
            return Limit(custom + grace, told, "customTimeouts")
        return Limit(self.work, _told(self.work), f"customTimeouts or {FLAG} ({TIMEOUT}; 0: without end)")


def read_limits(options: Options) -> Limits:
    """What `options`, or else the environment, says. Raises InvalidProject.

    Where only that of work is given and is shorter, a provider's question has no longer than that.
    """
    work, given = _read_timeout(options), _read_answer(options)
    asked = _question(ANSWER_SECONDS if given is None else given)
    if given is None and 0 < work < ANSWER_SECONDS:
        return Limits(asked, Limit(work, _told(work), f"{FLAG} ({TIMEOUT}; 0: without end)"), work)
    return Limits(asked, asked, work or None)


def timeout(field: str, given: str) -> float:
    """The seconds of a duration like 90s or 1h30m, 0 for without end. Raises InvalidProject."""
    try:
        return 0.0 if given == "0" else durations.seconds(field, given)
    except Unsupported:
        said = f"{field}: {given}: must be a duration like 90s or 1h30m, 0 for without end; correct it"
        raise InvalidProject(said) from None


def _question(seconds: float) -> Limit:
    return Limit(seconds or None, f"{seconds:g} s", f"{ANSWER} (0: without end)")


def _told(seconds: float | None) -> str:
    return durations.text(seconds) if seconds else ""


def _read_timeout(options: Options) -> float:
    if options.provider_timeout is not None:
        return options.provider_timeout
    given = {**os.environ, **options.environment}.get(TIMEOUT)
    return timeout(TIMEOUT, given) if given else TIMEOUT_SECONDS


def _read_answer(options: Options) -> float | None:
    if options.answer_seconds is not None:
        return options.answer_seconds
    given = {**os.environ, **options.environment}.get(ANSWER)
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InvalidProject(f"{ANSWER}: {given}: must be seconds, 0 for without end; correct it")
    return seconds


DEFAULT: Final = Limits(_question(ANSWER_SECONDS), _question(ANSWER_SECONDS))
