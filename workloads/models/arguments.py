"""A model and every setting of it as arguments of a program."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from workloads import command
from workloads.models.spec import ModelSpec
from workloads.models.table import MODELS, find_model


def add_model(parser: argparse.ArgumentParser, argv: Sequence[str]) -> ModelSpec:
    """The model that `argv` names, made small where it says so; its settings become flags of `parser`."""
    parser.add_argument("model", help=f"one of: {', '.join(sorted(MODELS))}; its own flags come with it")
    parser.add_argument("--data", metavar="NAME[@VERSION]", help="the data set (default: the model's own)")
    parser.add_argument("--smoke", action="store_true", help="small and short, through every stage")
    named = next((argument for argument in argv if argument in MODELS), "mnist")
    base = MODELS[named].smaller() if "--smoke" in argv else MODELS[named]
    for part, prefix in ((base.training, ""), (base.config, "model-"), (base.data, "data-")):
        command.add_config(parser, part, prefix=prefix)
    return base


def read_model(base: ModelSpec, args: argparse.Namespace) -> ModelSpec:
    """`base` with the settings that were given; raises InvalidInputError."""
    find_model(args.model)
    return replace(
        base,
        training=command.read_config(base.training, args),
        config=command.read_config(base.config, args, prefix="model-"),
        data=command.read_config(base.data, args, prefix="data-"),
    )


def given(base: ModelSpec, args: argparse.Namespace) -> list[str]:
    """The flags that say the same of a model to another program that has `add_model`."""
    flags = [*(["--smoke"] if args.smoke else []), *(["--data", args.data] if args.data else [])]
    return flags + [f"{flag}={value}" for flag, value in given_settings(base, args).items()]


def given_settings(base: ModelSpec, args: argparse.Namespace) -> dict[str, str]:
    """The flags of a model's settings that were given, and what they say."""
    parts = ((base.training, ""), (base.config, "model-"), (base.data, "data-"))
    values = [command.given_values(part, args, prefix=prefix) for part, prefix in parts]
    return {flag: value for part in values for flag, value in part.items()}
