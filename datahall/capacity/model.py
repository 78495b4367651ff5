"""What an estimate is made from, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from datahall.capacity.prices import HOURS_PER_MONTH


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A resource of a stack: its type token, its properties by their schema (camelCase) names."""

    type: str
    name: str = ""
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def get(self, field: str) -> Any:  # noqa: ANN401  # a property's type is the schema's affair
        """Return a property as the cloud has it, or else as it was asked for."""
        value = self.outputs.get(field)
        return self.inputs.get(field) if value is None else value


@dataclass(frozen=True, kw_only=True)
class Line:
    """A charge that runs whether or not the thing is used."""

    what: str
    count: Decimal
    usd: Decimal
    """The list price of one, per `per`."""
    per: Literal["hour", "month", "GB-month"]
    note: str = ""

    @property
    def monthly_usd(self) -> Decimal:
        """The charge of a month, to the cent."""
        periods = HOURS_PER_MONTH if self.per == "hour" else 1
        return (self.count * self.usd * periods).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True, kw_only=True)
class NotCounted:
    """A charge by use: nothing until something is stored, sent or bought."""

    what: str
    price: str


@dataclass(frozen=True, kw_only=True)
class Unpriced:
    """A resource whose price is not known here: the total is too low by it."""

    type: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A month's cost at list price, with all that it leaves out."""

    lines: tuple[Line, ...]
    not_counted: tuple[NotCounted, ...]
    unpriced: tuple[Unpriced, ...]

    @property
    def monthly_usd(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.monthly_usd for line in self.lines), Decimal(0))
