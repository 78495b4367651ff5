"""The environments, as data: which are sandboxed, which are real."""

import shutil
from dataclasses import dataclass
from typing import Literal

from datahall.errors import UserError, did_you_mean

EngineName = Literal["embedded", "pulumi"]


@dataclass(frozen=True)
class Environment:
    """One environment: its stack has the same name, its settings are in stacks/Pulumi.<name>.yaml."""

    name: str
    sandboxed: bool
    about: str
    hosts: bool = False
    """Whether it stands on the emulated hosts of this machine, too."""


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("local", sandboxed=True, about="an emulated AWS on this machine"),
        Environment("dev", sandboxed=False, about="a real AWS account, small"),
        Environment("prod", sandboxed=False, about="a real AWS account, full size"),
        Environment("metal", sandboxed=True, about="emulated hosts and an emulated AWS", hosts=True),
    )
}


def find(name: str) -> Environment:
    """The environment of that name.

    Raises:
        UserError: there is none.
    """
    environment = ENVIRONMENTS.get(name)
    if environment is None:
        rule = f"is not an environment ({', '.join(ENVIRONMENTS)})"
        raise UserError("environment", name, rule, did_you_mean(name, ENVIRONMENTS))
    return environment


def choose_engine(environment: Environment, asked: EngineName | None) -> EngineName:
    """The engine to run with: the embedded one where sandboxed, else the official one.

    Raises:
        UserError: the embedded engine for a real environment, or the official one where there is none.
    """
    if not environment.sandboxed and asked == "embedded":
        raise UserError(
            "--engine",
            "embedded",
            f"{environment.name} is {environment.about}, which only the official engine changes",
            "leave --engine out, or rehearse it: datahall up local",
        )
    engine: EngineName = asked or ("embedded" if environment.sandboxed else "pulumi")
    if engine == "pulumi":
        official_cli(environment)
    return engine


def official_cli(environment: Environment) -> str:
    """The path of the official ``pulumi``.

    Raises:
        UserError: there is none on PATH.
    """
    path = shutil.which("pulumi")
    if path is None:
        fix = "leave --engine out" if environment.sandboxed else "rehearse without it: datahall up local"
        raise UserError(
            "pulumi",
            "not on PATH",
            f"{environment.name} with the official engine needs the official CLI",
            f"install it (https://www.pulumi.com/docs/install/), or {fix}",
        )
    return path
