"""What the policy pack found, shown to people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.console import RenderableType
from rich.text import Text

from datahall.errors import UserError

Finding = Mapping[str, str]


def tally(findings: Sequence[Finding]) -> str:
    """``no violations``, or how many of what."""
    refused = sum(_refuses(found) for found in findings)
    advised = sum(found["outcome"] == "violation" and not _refuses(found) for found in findings)
    waiting = sum(found["outcome"] == "not_judged" for found in findings)
    parts = [
        f"{refused} violation{'s' * (refused != 1)}" if refused else "no violations",
        f"{advised} advice" if advised else "",
        f"{waiting} judged only once created" if waiting else "",
    ]
    return ", ".join(part for part in parts if part)


def findings_text(findings: Sequence[Finding]) -> RenderableType | None:
    """Each violation: the rule, the resource, and what to do; None where there is none."""
    text = Text()
    for found in findings:
        if found["outcome"] == "violation":
            style = "bold red" if _refuses(found) else "yellow"
            text.append(f"  {found['policy']}", style=style)
            text.append(f"  {found['urn'].rsplit('::', 1)[-1]}\n", style="bold")
            text.append(f"    {found['message'].strip()}\n")
    return text if text.plain else None


def as_mistakes(findings: Sequence[Finding]) -> UserError | None:
    """The violations of mandatory policies, as a user's mistakes; None where there is none."""
    mistakes = [_mistake(found) for found in findings if _refuses(found)]
    return replace(mistakes[0], others=tuple(mistakes[1:])) if mistakes else None


def _mistake(found: Finding) -> UserError:
    """A rule of our pack says ``property is value: fix`` in its last line; others say what they like."""
    resource, rule = found["urn"].rsplit("::", 1)[-1], f"policy {found['policy']}"
    description, _, told = found["message"].strip().rpartition("\n")
    parts = re.match(r"(?P<property>\S+) is (?P<value>.*?): (?P<fix>.*)", told)
    if parts is None:
        return UserError(resource, found["urn"], rule, found["message"].strip())
    rule = f"{rule}: {description.strip()}" if description else rule
    return UserError(f"{resource}.{parts['property']}", parts["value"], rule, parts["fix"])


def _refuses(found: Finding) -> bool:
    return found["outcome"] == "violation" and found["enforcement"] == "mandatory"
