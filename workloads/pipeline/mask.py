"""Personal data replaced by their kind, `[EMAIL]`; counted by kind and field, never repeated."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from workloads.pipeline.config import MaskConfig, Personal
from workloads.pipeline.record import Record


@dataclass(frozen=True)
class Kind:
    """What one kind of personal data looks like; `check` sorts out what only looks so."""

    pattern: re.Pattern[str]
    check: Callable[[str], bool] = lambda _found: True


def _card(found: str) -> bool:
    """Luhn's checksum, as every payment card carries it (ISO/IEC 7812)."""
    digits = [int(character) for character in found if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(found: str) -> bool:
    """The remainder of 97 (ISO 7064), letters as numbers from 10."""
    plain = re.sub(r"\s", "", found).upper()
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _ip(found: str) -> bool:
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return False
    return True


def _phone(found: str) -> bool:
    return 8 <= sum(character.isdigit() for character in found) <= 15


KINDS: Mapping[Personal, Kind] = {
    "email": Kind(re.compile(r"[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b")),
    "iban": Kind(re.compile(r"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?\b"), _iban),
    "card": Kind(re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])"), _card),
    "ip": Kind(
        re.compile(r"(?<![\w.:])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|(?<![\w.:])[0-9a-fA-F:]{3,39}(?![\w:])"),
        _ip,
    ),
    "phone": Kind(
        re.compile(
            r"(?<![\w.+-])(?:\+|00)\d{1,3}[ .()/-]{0,2}\d(?:[ .()/-]{0,2}\d){5,12}(?![\w-])"
            r"|(?<![\w.+-])\(?0\d{1,4}\)?[ ./-]{1,3}\d(?:[ ./-]?\d){4,9}(?![\w-])"
            r"|(?<![\w.+-])\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"
        ),
        _phone,
    ),
}
"""In the order in which they are looked for: what could be two kinds is the first."""


@dataclass
class Masked:
    """What was masked so far."""

    by_kind: Counter[str] = field(default_factory=Counter)
    by_field: Counter[str] = field(default_factory=Counter)
    records: int = 0

    def report(self) -> dict[str, object]:
        """Counts only: what was masked is nowhere in it."""
        kinds, fields = dict(sorted(self.by_kind.items())), dict(sorted(self.by_field.items()))
        return {"masked": {"records": self.records, "by_kind": kinds, "by_field": fields}}


def mask(records: Iterator[Record], config: MaskConfig, masked: Masked) -> Iterator[Record]:
    """The records with every text of theirs masked, at any depth; `masked` counts."""
    kinds = {name: Kind(re.compile(pattern)) for name, pattern in config.patterns.items()}
    kinds.update({name: kind for name, kind in KINDS.items() if name in config.kinds})
    for record in records:
        counts: Counter[tuple[str, str]] = Counter()
        fields = {name: _masked(value, kinds, name, counts) for name, value in record.fields.items()}
        for (kind, name), count in counts.items():
            masked.by_kind[kind] += count
            masked.by_field[name] += count
        masked.records += bool(counts)
        yield Record(record.id, record.origin, fields)


def _masked(value: object, kinds: Mapping[str, Kind], name: str, counts: Counter[tuple[str, str]]) -> object:
    if isinstance(value, dict):
        return {key: _masked(part, kinds, name, counts) for key, part in value.items()}
    if isinstance(value, list):
        return [_masked(part, kinds, name, counts) for part in value]
    if not isinstance(value, str):
        return value
    for kind, row in kinds.items():

        def replaced(found: re.Match[str], kind: str = kind, row: Kind = row) -> str:
            if not row.check(found[0]):
                return found[0]
            counts[kind, name] += 1
            return f"[{kind.upper()}]"

        value = row.pattern.sub(replaced, value)
    return value
