"""An environment's settings: read from its file or from a running program's config, and checked as a whole.

The data stands in ``Pulumi.<environment>.yaml``, in the namespace ``datahall:``, beside ``aws:region``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import config as runtime_config
from pydantic import TypeAdapter, ValidationError

from components import InvalidArgs, near
from components.checks import check_name, check_tags, check_text
from stacks import rules
from stacks.blocks import (
    BareMetalSettings,
    ClusterSettings,
    EncryptionSettings,
    LimitSettings,
    NetworkSettings,
    PoolSettings,
    StorageSettings,
)
from stacks.errors import InvalidSettings, problem
from stacks.explain import explain

NAMESPACE = "datahall"
REQUIRED_TAGS = ("owner", "cost-centre", "ttl")

BLOCKS: Mapping[str, Any] = {
    "tags": dict[str, str],
    "deletion_protection": bool,
    "network": NetworkSettings,
    "encryption": EncryptionSettings,
    "storage": StorageSettings,
    "cluster": ClusterSettings,
    "pools": dict[str, PoolSettings],
    "bare_metal": BareMetalSettings | None,
    "limits": LimitSettings,
}

DEFAULTS: Mapping[str, Any] = {"deletion_protection": True, "bare_metal": None}
"""Of the settings that are no mappings."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that an environment's program needs to know; every rule holds.

    An environment of bare metal has a cluster (EKS) only where one is set.
    """

    environment: str
    region: str
    tags: Mapping[str, str]
    deletion_protection: bool
    network: NetworkSettings
    encryption: EncryptionSettings
    storage: StorageSettings
    cluster: ClusterSettings | None
    pools: Mapping[str, PoolSettings]
    bare_metal: BareMetalSettings | None
    limits: LimitSettings

    @property
    def prefix(self) -> str:
        """What the names of the environment's components begin with."""
        return f"{NAMESPACE}-{self.environment}"


def load(environment: str, folder: Path) -> Settings:
    """The settings in ``folder/Pulumi.<environment>.yaml``, without a program or an engine.

    Raises ``InvalidSettings`` with all that is wrong, also where the file is missing or no YAML.
    """
    path = folder / f"Pulumi.{environment}.yaml"
    if not path.is_file():
        known = sorted(each.name.split(".")[1] for each in folder.glob("Pulumi.*.yaml"))
        raise InvalidSettings([problem("environment", environment, "is not known", near(environment, known))])
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = path.name if line is None else f"{path.name}, line {line + 1}"
        raise InvalidSettings([problem("file", where, "must be YAML", "correct it")]) from None
    config = data.get("config") if isinstance(data, Mapping) else None
    if not isinstance(config, Mapping):
        raise InvalidSettings(
            [problem("config", path.name, "must be a mapping", "write settings below config:")]
        )
    return parse(environment, {str(key): value for key, value in config.items()})


def from_config() -> Settings:
    """The settings of the running program's stack; raises ``InvalidSettings`` with all that is wrong."""
    given = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    return parse(pulumi.get_stack(), {key: _decoded(value) for key, value in given.items()})


def parse(environment: str, config: Mapping[str, Any]) -> Settings:
    """The settings in ``config``, keyed as in the file (``datahall:network``); other namespaces are not ours.

    Raises ``InvalidSettings`` with all that is wrong.
    """
    problems = [
        problem(key, config[key], "is no setting", near(key, [f"{NAMESPACE}:{block}" for block in BLOCKS]))
        for key in config
        if key.startswith(f"{NAMESPACE}:") and key.removeprefix(f"{NAMESPACE}:") not in BLOCKS
    ]
    region = config.get("aws:region")
    problems += _region_rules(region)

    blocks: dict[str, Any] = {}
    for name, kind in BLOCKS.items():
        at = f"{NAMESPACE}:{name}"
        try:
            blocks[name] = TypeAdapter(kind).validate_python(
                config.get(at, DEFAULTS.get(name, {})), strict=True
            )
        except ValidationError as error:
            problems += explain(at, kind, error)

    problems += _block_rules(environment, blocks)
    if not problems:
        problems += rules.between(environment, **{key: blocks[key] for key in blocks.keys() - _APART})
    if problems:
        raise InvalidSettings(problems)
    tags = {**blocks["tags"], "environment": environment}
    if blocks["bare_metal"] and not blocks["pools"] and f"{NAMESPACE}:cluster" not in config:
        blocks["cluster"] = None
    return Settings(environment=environment, region=str(region), **{**blocks, "tags": tags})


_APART = frozenset({"tags", "encryption", "bare_metal"})


def _block_rules(environment: str, blocks: Mapping[str, Any]) -> Iterator[str]:
    tags = blocks.get("tags", {})
    yield from _tag_rules(tags) if "tags" in blocks else ()
    if "network" in blocks:
        yield from rules.network_rules(f"{NAMESPACE}:network", blocks["network"])
    if "encryption" in blocks:
        yield from rules.encryption_rules(f"{NAMESPACE}:encryption", blocks["encryption"])
    if "storage" in blocks:
        yield from rules.storage_rules(f"{NAMESPACE}:storage", blocks["storage"])
    if "cluster" in blocks:
        yield from rules.cluster_rules(f"{NAMESPACE}:cluster", blocks["cluster"])
    names = [("environment", f"{NAMESPACE}-{environment}", environment)]
    names += [
        (f"{NAMESPACE}:pools.{pool}", f"{NAMESPACE}-{environment}-{pool}", pool)
        for pool in blocks.get("pools", {})
    ]
    for field, full, given in names:
        try:
            check_name(field, full)
        except InvalidArgs as error:
            yield problem(field, given, f"as {full}, {error.rule}", error.fix)
    for name, pool in blocks.get("pools", {}).items():
        # what is wrong with the tags is said once, above
        yield from rules.pool_rules(f"{NAMESPACE}:pools.{name}", pool, dict.fromkeys(REQUIRED_TAGS, "known"))


def _tag_rules(tags: Mapping[str, str]) -> Iterator[str]:
    at = f"{NAMESPACE}:tags"
    for key in REQUIRED_TAGS:
        if not tags.get(key):
            yield problem(f"{at}.{key}", "(missing)", "every environment must tell it", f"add {key}")
    if "environment" in tags:
        yield problem(f"{at}.environment", tags["environment"], "is set by the program", "remove it")
    for key, value in tags.items():
        try:
            check_tags(at, {key: value})
            if key == "ttl" and value:
                check_text(
                    f"{at}.ttl",
                    value,
                    r"permanent|[1-9]\d{0,3}[hd]",
                    "must be permanent, or hours or days",
                    "write 8h or 14d",
                )
        except InvalidArgs as error:
            yield problem(error.field, error.value, error.rule, error.fix)


def _region_rules(region: object) -> Iterator[str]:
    try:
        check_text(
            "aws:region",
            "(missing)" if region is None else region,
            r"[a-z]{2}(-[a-z]+){1,2}-\d",
            "must be an AWS region",
            "use one like us-west-2",
        )
    except InvalidArgs as error:
        yield problem(error.field, error.value, error.rule, error.fix)


def _decoded(value: object) -> object:
    """Engines pass structured values as JSON text; anything else stays text, and is judged as such."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


class _Loader(yaml.SafeLoader):
    """YAML as Pulumi reads it: dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
