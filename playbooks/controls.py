"""The dev-sec baselines' controls, and what role base has of each: ``python playbooks/controls.py``.

The table is ``roles/base/controls/``, a file for a part of the baselines. ``met``: by what, a file of the
role or Debian itself; ``left_out``: why not, or with ``met``: what of it is not; ``not_here``: why it says
nothing on these hosts; ``check``: what shows it on a host; ``emulated``: what of an emulated host is not its
own, so that it does not.
"""

from collections import Counter
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

ROLE = Path(__file__).resolve().parent / "roles" / "base"
Said = Annotated[str, Field(min_length=3)]


class Check(BaseModel):
    """What a host must show, each by a command of its own; every field that is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sysctl: dict[str, int | list[int]] = {}
    """Kernel variable -> its value, or those that will do."""
    sshd: dict[str, str | list[str]] = {}
    """Option, in small letters -> what ``sshd -T`` says of it."""
    ssh: dict[str, str | list[str]] = {}
    """The same of ``ssh -G``."""
    sshd_lacks: list[str] = []
    ssh_lacks: list[str] = []
    """Options that are no more."""
    mode: dict[str, str] = {}
    """Path -> mode, owner and group as stat prints them."""
    lines: dict[str, list[str]] = {}
    """File -> regular expressions of whole lines."""
    packages_there: list[str] = []
    packages_absent: list[str] = []
    prints_nothing: str = ""
    """A command as root, whose output is what offends."""


class Control(BaseModel):
    """One control of the baselines; ``asks`` is in our words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Said
    asks: Said
    met: Said | None = None
    left_out: Said | None = None
    not_here: Said | None = None
    emulated: Said | None = None
    check: Check | None = None

    @property
    def state(self) -> str:
        """Met, met in part, left out, or not here."""
        if self.not_here:
            return "not here"
        return "left out" if not self.met else "met in part" if self.left_out else "met"

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if bool(self.not_here) == bool(self.met or self.left_out):
            raise ValueError(f"{self.id}: not_here, or met and left_out: say one of them")
        if self.met and not self.check:
            raise ValueError(f"{self.id}.check: missing: whatever is met is seen on a host; say by what")
        if self.met and self.met != "Debian" and not (ROLE / self.met).is_file():
            raise ValueError(f"{self.id}.met: {self.met}: no file of role base; name one, or Debian")
        return self


def controls() -> list[Control]:
    """All of them.

    Raises:
        ValidationError: a row of the table is none; names field and fix.
    """
    files = sorted((ROLE / "controls").glob("*.yml"))
    return [Control.model_validate(row) for file in files for row in yaml.safe_load(file.read_text())]


def counted(rows: list[Control]) -> str:
    """How many there are of each state, in one line."""
    states = Counter(row.state for row in rows)
    told = [f"{states[state]} {state}" for state in ("met", "met in part", "left out", "not here")]
    return f"{len(rows)} controls: {', '.join(told)}"


def main() -> None:
    """Print the table and the counts."""
    for row in controls():
        why = row.left_out or row.not_here
        print(f"{row.id:12} {row.state:12} {row.asks}{f': {why}' if why else ''}")
    print(counted(controls()))


if __name__ == "__main__":
    main()
