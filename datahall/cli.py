"""The ``datahall`` command: a table of commands, each imported only when it is called."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from types import FrameType
from typing import NoReturn

from cyclopts import (
    App,
    Argument,
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    Token,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from datahall.absent_verbs import ABSENT
from datahall.errors import BROKEN_PIPE, INTERRUPTED, OperationError, UserError, did_you_mean, report

ABOUT = "An AI data centre as Python code, rehearsed on this machine."


_EXAMPLES = ("datahall up local", "datahall status local", "datahall down local")
_VARIABLES = """Environment variables:
  DATAHALL_HOME     where everything is kept (default: .datahall in the project)
  DATAHALL_PROJECT  another folder with Pulumi.yaml, stacks/ and policies/
  PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE
                    the secrets' passphrase (sandboxed environments: generated)"""


@dataclass(frozen=True)
class Command:
    """One command: where it is implemented follows from its name (datahall.commands.NAME:NAME)."""

    name: str
    about: str
    examples: tuple[str, ...]
    group: bool = False

    @property
    def path(self) -> str:
        """Where it is implemented; a group is an application of its own (NAME:app)."""
        return f"datahall.commands.{self.name}:{'app' if self.group else self.name}"


COMMANDS = (
    Command(
        "up",
        "Bring an environment up: provision, review, train, serve, ask.",
        ("datahall up local", "datahall up local --port 5001 --json", "datahall up metal --workers 3"),
    ),
    Command(
        "preview",
        "Show what up would change, and what the policy pack says to it.",
        ("datahall preview local --diff", "datahall preview local --expect-no-changes"),
    ),
    Command("down", "Take an environment down and prove that nothing is left.", ("datahall down local",)),
    Command(
        "policy",
        "List the rules of the policy pack, or review an environment by them.",
        ("datahall policy", "datahall policy local"),
    ),
    Command(
        "train",
        "Collect a model's data, train it, register it and ask for its promotion.",
        (
            "datahall train mnist",
            "datahall train mnist-cnn --smoke",
            "datahall train mnist --epochs 20",
            "datahall train mnist --on slurm",
        ),
    ),
    Command(
        "run",
        "Run one stage of the workloads: data, pipeline, search, folds, judging, compression, ...",
        ("datahall run judging mnist --report report", "datahall run data reviews --source DIR"),
    ),
    Command("serve", "Serve a model's production version over HTTP.", ("datahall serve mnist --port 5001",)),
    Command(
        "models",
        "List, show and promote the registry's models.",
        ("datahall models list", "datahall models show mnist", "datahall models promote mnist VERSION"),
    ),
    Command(
        "status",
        "What an environment is made of and what runs in it.",
        ("datahall status local", "datahall status local --json"),
    ),
    Command(
        "hosts",
        "Emulated hosts, one by one: list, ssh, stop, start, let fail, remove.",
        ("datahall hosts up --workers 3", "datahall hosts ssh head-1 sinfo"),
        group=True,
    ),
    Command(
        "mirror",
        "Make a signed folder of Debian packages, to be carried to a site with no route out.",
        ("datahall mirror /media/stick/packages", "datahall mirror packages --package restic=0.14.0-1+b5"),
    ),
    Command(
        "sandbox",
        "An emulated AWS of your own, for any project, tool or script.",
        ("datahall sandbox start", "datahall sandbox list"),
        group=True,
    ),
    Command("doctor", "Check what this machine has of what datahall needs.", ("datahall doctor",)),
    Command(
        "engine",
        "Run the embedded engine on any Pulumi Python project, with the official CLI's verbs.",
        ("datahall engine up -C DIR -s dev --plugin-path plugins --yes",),
        group=True,
    ),
)


def build() -> App:
    """The cyclopts application."""
    app = App(
        name="datahall",
        help=ABOUT,
        help_format="plaintext",
        help_epilogue=f"{_epilogue(_EXAMPLES)}\n\n{_VARIABLES}",
        default_parameter=Parameter(negative=()),
        version=lambda: version("datahall"),
        exit_on_error=False,
        print_error=False,
        help_on_error=False,
        verbose=False,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for order, command in enumerate(COMMANDS):
        if command.group:
            app.command(command.path, name=command.name, help=command.about)
            continue
        app.command(
            command.path,
            name=command.name,
            help=command.about,
            sort_key=order,
            help_epilogue=_epilogue(command.examples),
        )
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code. No traceback for what a user can mend."""
    try:
        result = build()(_apart(arguments))
    except CycloptsError as error:
        return report(_as_user_error(error), as_json="--json" in arguments)
    except KeyboardInterrupt:
        print("datahall: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not try to flush it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except (UserError, OperationError) as error:
        return report(error, as_json="--json" in arguments)
    return result if isinstance(result, int) else 0


def _apart(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `--` before those that ``run STAGE`` hands on: all that follow the stage."""
    if list(arguments[:1]) != ["run"]:
        return list(arguments)
    stage = 1
    while stage < len(arguments) and arguments[stage].startswith("-"):
        stage += 2 if arguments[stage] == "--env" else 1
    return [*arguments[: stage + 1], "--", *arguments[stage + 1 :]]


def main() -> NoReturn:
    """The console script."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _epilogue(examples: Sequence[str]) -> str:
    title = "Example" if len(examples) == 1 else "Examples"
    return "\n".join([f"{title}:", *(f"  {example}" for example in examples)])


def _verbs(group: App | None) -> list[str]:
    return [name for name in group or () if not name.startswith("-")]


def _unknown_command(command: str, value: str, group: App | None) -> UserError:
    """A verb that a group does not have: the nearest of its own is offered."""
    if command == "datahall":
        return UserError("command", value, "is not a command", did_you_mean(value, _verbs(group)))
    verb = " ".join([*command.split()[2:], value])
    if command.startswith("datahall engine") and verb in ABSENT:
        return UserError("command", value, "is not here", ABSENT[verb])
    return UserError("command", value, f"is not a command of {command}", did_you_mean(value, _verbs(group)))


def _as_user_error(error: CycloptsError) -> UserError:  # noqa: PLR0911 - one a kind of mistake
    """What the command line's parser refused, in our four parts."""
    command = " ".join(["datahall", *(error.command_chain or ())])
    see = f"see {command} --help"
    match error:
        case UnknownCommandError(unused_tokens=[value, *_]):
            return _unknown_command(command, value, error.app)
        case UnknownOptionError():
            value = error.token.keyword or error.token.value
            known = [name for argument in error.argument_collection for name in argument.names]
            fix = did_you_mean(value, [name for name in known if name.startswith("-")])
            return UserError("option", value, f"is not an option of {command}", fix)
        case CoercionError(token=Token() as token, argument=Argument() as argument):
            rule = str(error).strip().rstrip(".")
            return UserError(
                argument.name.lstrip("-") if token.keyword is None else token.keyword, token.value, rule, see
            )
        case MissingArgumentError(argument=Argument() as argument):
            return UserError(argument.name, "missing", f"{command} needs it", see)
        case UnusedCliTokensError(unused_tokens=[value, *_]):
            if _verbs(error.app):  # of a group that does something without a verb, too
                return _unknown_command(command, value, error.app)
            return UserError("argument", value, f"is one too many for {command}", see)
    return UserError(command, " ".join(error.root_input_tokens or ()), str(error).strip().rstrip("."), see)
