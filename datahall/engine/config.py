"""A stack's configuration: full keys (`aws:region`) to text, and which of them are secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from datahall.engine.declared_config import Stacked, complete
from datahall.engine.errors import InvalidProject, Unsupported
from datahall.engine.project import Project, read_yaml
from datahall.engine.urn import DYNAMIC
from datahall.engine.values import Json, Properties, Secret

_KNOWN = {"config", "encryptionsalt"}
_OF_PULUMI = {
    "pulumi:autonaming",
    "pulumi:disable-default-providers",
    "pulumi:template",  # only says what made the project
}


@dataclass(frozen=True)
class StackFile:
    """`Pulumi.<stack>.yaml` as read; secrets still encrypted."""

    config: dict[str, Any] = field(default_factory=dict)
    salt_state: str | None = None


@dataclass(frozen=True)
class Config:
    """Configuration as the program gets it: structured values are JSON text. `raw` is for the history.

    `secrets` are the texts that nobody is to be told: each that is encrypted in the stack's file.
    """

    values: Mapping[str, str]
    secret_keys: frozenset[str] = frozenset()
    raw: Mapping[str, Any] = field(default_factory=dict)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def of_package(self, package: str) -> Properties:
        """The inputs of a package's default provider: `aws:region` is `region` of `aws`.

        Dynamic providers get all of the configuration, with its namespaces.
        """
        prefix = "" if package == DYNAMIC else f"{package}:"
        return {
            key.removeprefix(prefix): Secret(value) if key in self.secret_keys else value
            for key, value in self.values.items()
            if key.startswith(prefix)
        }


def read_stack_file(project: Project, stack: str) -> StackFile:
    """The stack's file, empty if there is none. Raises InvalidProject or Unsupported."""
    file = project.config_file(stack)
    if not file.exists():
        return StackFile()
    data = read_yaml(file)
    for key in data:
        if key not in _KNOWN:
            raise Unsupported(f"{key}: {file}: only {', '.join(sorted(_KNOWN))} are supported; remove it")
    config = data.get("config") or {}
    if not isinstance(config, dict):
        raise InvalidProject(f"config: {file}: a mapping is expected; correct the file")
    salt = data.get("encryptionsalt")
    return StackFile({str(key): value for key, value in config.items()}, str(salt) if salt else None)


def given_config(values: Mapping[str, str]) -> Config:
    """Configuration that the caller gives, all of it plain."""
    for key in values:
        if ":" not in key:
            raise InvalidProject(f"config: {key}: no namespace; write it as NAMESPACE:{key}")
    _refuse_unknown_settings(values)
    return Config(dict(values), raw=dict(values))


def _refuse_unknown_settings(values: Mapping[str, str]) -> None:
    for key in values:
        if key.startswith("pulumi:") and key not in _OF_PULUMI:
            raise Unsupported(f"config: {key}: not supported by the embedded engine; see docs/engine.md")


def resolve_config(project: Project, file: StackFile, decrypt: Callable[[str], str]) -> Config:
    """The project's defaults and the stack's file together. Raises InvalidProject."""
    stacked: dict[str, Stacked] = {}
    raw: dict[str, Any] = {}
    secrets: set[str] = set()

    def revealed(ciphertext: str) -> str:
        secrets.add(plain := decrypt(ciphertext))
        return plain

    for key, value in file.config.items():
        full = _full(project, key)
        plain, is_secret = reveal(value, revealed)
        structured = isinstance(value, dict | list) and isinstance(plain, dict | list)
        stacked[full] = Stacked(plain if structured else _text(plain), is_secret)
        raw[full] = value if isinstance(value, dict | list) else _text(value)
    defaults = complete(project.root / "Pulumi.yaml", project.config, stacked, project.name)
    values = {key: _text(value) for key, value in defaults.items()}
    values |= {key: _text(value.content) for key, value in stacked.items()}
    secret = {key for key, value in stacked.items() if value.secret}
    _refuse_unknown_settings(values)
    return Config(values, frozenset(secret), raw, frozenset(secrets))


def _full(project: Project, key: str) -> str:
    return key if ":" in key else f"{project.name}:{key}"


def reveal(value: Json, decrypt: Callable[[str], str]) -> tuple[Any, bool]:
    """The plain value, and whether any of it was secret."""
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            return decrypt(value["secure"]), True
        pairs = {key: reveal(item, decrypt) for key, item in value.items()}
        return {key: plain for key, (plain, _) in pairs.items()}, any(s for _, s in pairs.values())
    if isinstance(value, list):
        items = [reveal(item, decrypt) for item in value]
        return [plain for plain, _ in items], any(s for _, s in items)
    return value, False


def ciphertexts(value: Json) -> Iterator[str]:
    """All that is encrypted in a value of a configuration file, or in all of it."""
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            yield value["secure"]
            return
        for item in value.values():
            yield from ciphertexts(item)
    elif isinstance(value, list):
        for item in value:
            yield from ciphertexts(item)


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), default=str)
