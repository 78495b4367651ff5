"""Labels: a person's decision, else the record's own, else what weak rules agree on, else a queue."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from workloads.errors import CorruptDataError, InvalidInputError
from workloads.files import write_whole
from workloads.fingerprint import canonical
from workloads.pipeline.config import LabelConfig
from workloads.pipeline.record import LABEL, TEXT, Record, Reject

WAITING = "waiting for a person's label"


def label(
    records: Iterator[Record], config: LabelConfig, decisions: dict[str, str], reject: Reject
) -> Iterator[Record]:
    """The records with labels of the set; those on which the rules do not agree are rejected as WAITING."""
    rules = [(rule.label, re.compile(rule.pattern), rule.weight) for rule in config.rules]
    for record in records:
        own = decisions.get(record.id) or record.fields.get(LABEL)
        if own not in (None, "", *config.labels):
            reject("label outside the set", record.origin, record.fields)
            continue
        votes: Counter[str] = Counter()
        for name, pattern, weight in rules:
            if not own and pattern.search(record.text):
                votes[name] += weight  # type: ignore[assignment]
        chosen = own or _winner(votes, config.margin)
        if chosen:
            yield record.having(**{LABEL: chosen})
        else:
            reject(WAITING, record.origin, {"id": record.id, TEXT: record.text, "votes": dict(votes)})


def _winner(votes: Counter[str], margin: float) -> str | None:
    (first, most), (_, second) = (*votes.most_common(2), ("", 0), ("", 0))[:2]
    return first if first and most - second >= margin else None


def read_decisions(path: Path) -> dict[str, str]:
    """What persons decided, by record; raises CorruptDataError."""
    if not path.is_file():
        return {}
    try:
        decisions: dict[str, str] = json.loads(path.read_bytes())
        if not all(isinstance(part, str) for pair in decisions.items() for part in pair):
            raise ValueError("not texts")
    except (ValueError, AttributeError):
        rule = "must be a JSON object of records' ids and labels"
        raise CorruptDataError(str(path), "decisions", rule, "restore or remove it") from None
    return decisions


def decide(path: Path, waiting: set[str], config: LabelConfig, id: str, chosen: str) -> int:
    """Keep a person's decision on a waiting record; how many there are now. Raises InvalidInputError."""
    decisions = read_decisions(path)
    if id not in waiting and id not in decisions:
        rule, fix = "must be a record that waits for its label", "list them: review"
        raise InvalidInputError("id", id, rule, fix)
    if chosen not in config.labels:
        rule = f"must be one of {', '.join(config.labels)}"
        raise InvalidInputError("label", chosen, rule, "give one of them")
    decisions[id] = chosen
    write_whole(path, [canonical(decisions)])
    return len(decisions)
