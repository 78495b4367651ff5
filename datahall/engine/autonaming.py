"""`pulumi:autonaming`: what names providers are to give to resources that have none.

Said for all, for a provider, or for a type; the nearest that says anything holds. Sources: Pulumi's
documentation of the setting, and pkg/resource/autonaming of the official engine.
"""

from __future__ import annotations

import hashlib
import json
import re
import string
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from datahall.engine.chacha8 import ChaCha8
from datahall.engine.errors import InvalidProject
from datahall.engine.paths import lookup, parse_path
from datahall.engine.project import ORGANIZATION
from datahall.engine.urn import is_provider, package_of
from datahall.engine.values import Json

KEY: Final = "pulumi:autonaming"
Mode = Literal["propose", "enforce", "disable"]
_MODES: Final = ("default", "verbatim", "disabled")
_OF_STRATEGY: Final = ("mode", "pattern", "enforce")
_CONFIG = re.compile(r"\$\{config\.([^}]+)\}")
_DIGITS = string.digits
_LETTERS = string.ascii_lowercase
_ALPHABETS: Final = {  # in the order in which they are filled in, after hex and before uuid
    "alphanum": _LETTERS + _DIGITS,
    "string": _LETTERS,
    "num": _DIGITS,
}
_HEX = re.compile(r"\$\{hex\((\d+)\)\}")
_UUID = "${uuid}"
_RANDOM = re.compile(r"\$\{(?:(hex|alphanum|string|num)\((\d+)\)|(uuid))\}")


@dataclass(frozen=True)
class Naming:
    """What a provider is told; `warn` if it must be said that it cannot be told."""

    mode: Mode
    name: str = ""
    warn: bool = False


@dataclass(frozen=True)
class _Strategy:
    """A mode, or a pattern in which only the resource's name and what is random is left open."""

    mode: str = "default"
    pattern: str | None = None
    enforce: bool = False


@dataclass(frozen=True)
class _OfProvider:
    strategy: _Strategy | None
    types: Mapping[str, _Strategy]


@dataclass(frozen=True)
class Autonaming:
    """The setting as read."""

    strategy: _Strategy
    providers: Mapping[str, _OfProvider]

    def naming(self, type_: str, name: str, seed: bytes) -> Naming | None:
        """What the provider is told of a resource; None if nothing was set for it."""
        strategy, near = self._for(type_)
        if strategy.pattern is not None:
            chosen = _filled(strategy.pattern.replace("${name}", name), seed)
            mode: Mode = "enforce" if strategy.enforce else "propose"
            return Naming(mode, chosen, warn=strategy.enforce or near)
        if strategy.mode == "verbatim":
            return Naming("enforce", name, warn=near)
        return Naming("disable", warn=near) if strategy.mode == "disabled" else None

    def deletes_first(self, type_: str, name: str) -> bool:
        """Whether a replacement would get the name of what it replaces."""
        strategy, _ = self._for(type_)
        if strategy.pattern is None:
            return strategy.mode != "default"
        return _RANDOM.search(strategy.pattern.replace("${name}", name)) is None

    def _for(self, type_: str) -> tuple[_Strategy, bool]:
        """The strategy for a type, and whether it was set for its provider or itself."""
        provider = self.providers.get("pulumi" if is_provider(type_) else package_of(type_))
        if provider is not None:
            strategy = provider.types.get(type_) or provider.strategy
            return (strategy or self.strategy), True
        return self.strategy, False


def read_autonaming(values: Mapping[str, str], project: str, stack: str) -> Autonaming:
    """The setting in a stack's configuration. Raises InvalidProject with the field and the rule."""
    if KEY not in values:
        return Autonaming(_Strategy(), {})
    try:
        data = json.loads(values[KEY])
    except ValueError:
        data = values[KEY]
    given = {"organization": ORGANIZATION, "project": project, "stack": stack}

    def resolve(where: str, pattern: str) -> str:
        for key, value in given.items():
            pattern = pattern.replace(f"${{{key}}}", value)
        return _CONFIG.sub(lambda match: _config_value(values, project, where, match[1]), pattern)

    section = _section(KEY, data, (*_OF_STRATEGY, "providers"))
    providers: dict[str, _OfProvider] = {}
    for name, given_for in _mapping(f"{KEY}: providers", section.get("providers")).items():
        where = f"{KEY}: providers.{name}"
        of_provider = _section(where, given_for, (*_OF_STRATEGY, "resources"))
        types: dict[str, _Strategy] = {}
        for type_, of_type in _mapping(f"{where}.resources", of_provider.get("resources")).items():
            below = f"{where}.resources.{type_}"
            strategy = _strategy(below, _section(below, of_type, _OF_STRATEGY), resolve)
            if strategy is None:
                raise InvalidProject(f"config: {below}: neither mode nor pattern; give one of them")
            types[type_] = strategy
        providers[name] = _OfProvider(_strategy(where, of_provider, resolve), types)
    return Autonaming(_strategy(KEY, section, resolve) or _Strategy(), providers)


def _strategy(
    where: str, section: Mapping[str, Json], resolve: Callable[[str, str], str]
) -> _Strategy | None:
    mode, pattern, enforce = (section.get(key) for key in _OF_STRATEGY)
    if mode is not None and (pattern is not None or enforce is not None):
        raise InvalidProject(f"config: {where}: mode together with pattern or enforce; give one of them")
    if pattern is None and enforce is not None:
        raise InvalidProject(f"config: {where}: enforce without pattern; add a pattern")
    if pattern is not None:
        if not isinstance(pattern, str) or not isinstance(enforce, bool | None):
            raise InvalidProject(f"config: {where}: pattern is a text, enforce true or false; correct it")
        return _Strategy("pattern", resolve(where, pattern), bool(enforce))
    if mode is None:
        return None
    if mode not in _MODES:
        raise InvalidProject(f"config: {where}.mode: {mode!r}: not one of {', '.join(_MODES)}; correct it")
    return _Strategy(mode)


def _section(where: str, data: Json, known: Collection[str]) -> dict[str, Any]:
    section = _mapping(where, data)
    for key in section:
        if key not in known:
            raise InvalidProject(f"config: {where}: {key!r}: not one of {', '.join(known)}; correct it")
    return section


def _mapping(where: str, data: Json) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidProject(f"config: {where}: {data!r}: not a mapping; correct it")
    return data


def _config_value(values: Mapping[str, str], project: str, where: str, key: str) -> str:
    try:
        first, *rest = parse_path(key)
    except ValueError as error:
        raise InvalidProject(f"config: {where}.pattern: {error}") from None
    text = values.get(f"{project}:{first}")
    found: Json = text
    if text is not None and rest:
        try:
            found = lookup(json.loads(text), tuple(rest))
        except ValueError:
            found = None
    if found is None:
        raise InvalidProject(
            f"config: {where}.pattern: ${{config.{key}}}: no such value; set {project}:{key}"
        )
    return found if isinstance(found, str) else json.dumps(found)


def _filled(pattern: str, seed: bytes) -> str:
    """A pattern with what is random in it: the same for the same seed, also in the official engine."""
    source = ChaCha8(hashlib.sha256(seed).digest())

    def hexadecimal(match: re.Match[str]) -> str:
        size = int(match[1])
        return source.read(size // 2 + 1).hex()[:size]

    pattern = _HEX.sub(hexadecimal, pattern)
    for kind, alphabet in _ALPHABETS.items():
        pattern = _spelled(pattern, source, kind, alphabet)
    if _UUID in pattern:
        pattern = pattern.replace(_UUID, str(uuid.UUID(bytes=source.read(16))))
    return pattern


def _spelled(pattern: str, source: ChaCha8, kind: str, alphabet: str) -> str:
    def word(match: re.Match[str]) -> str:
        return "".join(alphabet[source.below(len(alphabet))] for _ in range(int(match[1])))

    return re.sub(rf"\$\{{{kind}\((\d+)\)\}}", word, pattern)
