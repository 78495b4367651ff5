"""What every program's command line shares: `--site`, `--events`, typed flags, one-line errors."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from workloads.errors import InvalidInputError, WorkloadError
from workloads.events import Emit, json_events, silent, text_events
from workloads.settings import FILLED_IN

ConfigT = TypeVar("ConfigT", bound=BaseModel)

Main = Callable[[Sequence[str], Emit], int]
"""A program: its arguments and where its events go give an exit code."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are ordinary errors."""

    def error(self, message: str) -> NoReturn:
        """Raise InvalidInputError in place of printing a usage text."""
        found = re.match(r"argument ([^:]+): (.*)", message, re.DOTALL)
        field, rule = found.groups() if found else ("command line", message)
        raise InvalidInputError(field, " ".join(sys.argv[1:]), rule, f"see {self.prog} --help")


def parser(prog: str, description: str, example: str) -> Parser:
    """A parser for `python -m prog` whose help ends with an example."""
    layout = argparse.RawDescriptionHelpFormatter
    return Parser(
        prog=f"python -m {prog}",
        description=description,
        epilog=f"example:\n  {example}",
        formatter_class=layout,
        allow_abbrev=False,
    )


def add_site(parser: argparse.ArgumentParser) -> None:
    """The two flags of every program that meets the site."""
    parser.add_argument("--site", type=Path, required=True, metavar="FILE", help="stack outputs as JSON")
    add_events(parser)


def add_events(parser: argparse.ArgumentParser) -> None:
    """`--events`, which `run` looks at before anything else."""
    parser.add_argument("--events", choices=("text", "json"), default="text", help="how progress is told")


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`, after `--events`: a shorter word for it."""
    text = "the same as --events json"
    parser.add_argument(
        "--json", dest="events", action="store_const", const="json", default="text", help=text
    )


def add_config(parser: argparse.ArgumentParser, base: BaseModel, *, prefix: str = "") -> None:
    """A flag for each field of `base` that is one value; pydantic judges them in `read_config`."""
    for name in _single(base):
        flag, field = _flag(prefix, name), type(base).model_fields[name]
        text = f"{field.description} (default {getattr(base, name)})"
        parser.add_argument(flag, dest=flag, metavar="VALUE", help=text.replace("%", "%%"))


def read_config(base: ConfigT, args: argparse.Namespace, *, prefix: str = "") -> ConfigT:
    """`base` with the flags that were given; raises InvalidInputError for a value out of its range."""
    given = {name: getattr(args, _flag(prefix, name), None) for name in _single(base)}
    changes = {name: value for name, value in given.items() if value is not None}
    return validate(type(base), {**base.model_dump(), **changes}, prefix=f"--{prefix}")


def given_values(base: BaseModel, args: argparse.Namespace, *, prefix: str = "") -> dict[str, str]:
    """The flags of `add_config` that were given, and what they say."""
    values = {flag: getattr(args, flag, None) for flag in (_flag(prefix, name) for name in _single(base))}
    return {flag: str(value) for flag, value in values.items() if value is not None}


def expect(kind: type[ConfigT], config: BaseModel) -> ConfigT:
    """`config`, which the table of models says is a `kind`."""
    if not isinstance(config, kind):
        raise TypeError(f"{type(config).__name__} in place of {kind.__name__}")
    return config


def _single(base: BaseModel) -> list[str]:
    fields = type(base).model_fields
    return [
        name
        for name, value in base
        if isinstance(value, bool | int | float | str) and FILLED_IN not in fields[name].metadata
    ]


def _flag(prefix: str, name: str) -> str:
    return f"--{prefix}{name}".replace("_", "-")


def validate(model: type[ConfigT], values: object, *, prefix: str = "", fix: str = "") -> ConfigT:
    """`values` as a `model`; raises InvalidInputError naming the first field that does not fit."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or model.__name__
        field = prefix + name.replace("_", "-") if prefix else name
        value = "missing" if first["type"] == "missing" else _shown(first["input"])
        rule = first["msg"][0].lower() + first["msg"][1:]
        raise InvalidInputError(field, value, rule, fix or "give a value that fits") from None


def _shown(value: object) -> object:
    """What is told of a value: of one with members what they are, since some of those may be secret."""
    if isinstance(value, Mapping):
        return ", ".join(map(str, value)) or "empty"
    return f"{len(value)} entries" if isinstance(value, list | tuple) else value


def run(main: Main, argv: Sequence[str] | None = None, *, quiet: bool = False) -> int:
    """Run a program: an error becomes one event, and its exit code is returned.

    With `quiet` it tells errors only, on standard error: for all but one of several processes that
    do the same.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    emit = json_events() if _wants_json(arguments) and not quiet else text_events()
    try:
        return main(arguments, silent if quiet else emit)
    except WorkloadError as error:
        # A launcher such as torchrun ends with an exit code of its own.
        emit("error", **error.as_dict(), exit_code=error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _wants_json(arguments: Sequence[str]) -> bool:
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(a in ("--events=json", "--json") or (a, b) == ("--events", "json") for a, b in pairs)
