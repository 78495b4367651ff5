"""A stack's configuration file, changed one key at a time: its other lines and comments stay."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from datahall.engine import config as configs
from datahall.engine.checkpoint import read_checkpoint
from datahall.engine.errors import InvalidProject, StoreFailed
from datahall.engine.options import Options
from datahall.engine.paths import parse_path
from datahall.engine.project import Project
from datahall.engine.secrets import Crypter
from datahall.engine.stack_options import passphrase, stack_files
from datahall.engine.storage.folder import write_atomically
from datahall.engine.values import SECRET_MASK, Json

_MISSING = object()


def get_config(
    project: Project, stack: str, options: Options, key: str, *, path: bool, show_secrets: bool
) -> tuple[Json, bool]:
    """A value of the stack's file, and whether any of it is secret. Raises InvalidProject for an absent key.

    Secrets are `[secret]`, for which no passphrase is needed, unless `show_secrets`.
    """
    file = configs.read_stack_file(project, stack)
    full, parts = _parse(project, key, path=path)
    value: Any = _full_keys(project, file.config).get(full, _MISSING)
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part, _MISSING)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            value = _MISSING
    if value is _MISSING:
        raise InvalidProject(f"config: {key}: not set in {project.config_file(stack)}; set it first")
    return configs.reveal(value, reader_of(project, stack, options, file, show_secrets=show_secrets))


def set_config(
    project: Project, stack: str, options: Options, key: str, value: str, *, path: bool, secret: bool
) -> None:
    """Set a value; below a `path`, numbers and booleans are kept as such. Raises InvalidProject."""
    file = configs.read_stack_file(project, stack)
    full, parts = _parse(project, key, path=path)
    new: Json = _typed(value) if parts else value
    salt = file.salt_state
    if secret:
        crypter = crypter_of(project, stack, options, file)
        new, salt = {"secure": crypter.encrypt(value)}, crypter.salt_state
    before = _full_keys(project, file.config).get(full)
    after = _with(before, parts, new, key) if parts else new
    text = _rewritten(project, stack, file.config, full, after)
    if salt != file.salt_state:
        text += f"encryptionsalt: {salt}\n"
    write_stack_file(project, stack, text)


def remove_config(project: Project, stack: str, key: str, *, path: bool) -> None:
    """Remove a value; an absent one is no error, as the official CLI has it."""
    file = configs.read_stack_file(project, stack)
    full, parts = _parse(project, key, path=path)
    known = _full_keys(project, file.config)
    if full not in known:
        return
    if not parts:
        write_stack_file(project, stack, _rewritten(project, stack, file.config, full, _MISSING))
        return
    after = copy.deepcopy(known[full])
    holder: Any = after
    for part in parts[:-1]:
        holder = holder[part] if _has(holder, part) else None
    if _has(holder, parts[-1]):
        del holder[parts[-1]]
        write_stack_file(project, stack, _rewritten(project, stack, file.config, full, after))


def replace_values(project: Project, stack: str, values: Mapping[str, Json]) -> None:
    """Set whole values, by full key, as they stand in the file: secrets are encrypted already."""
    for full, value in values.items():
        config = configs.read_stack_file(project, stack).config
        write_stack_file(project, stack, _rewritten(project, stack, config, full, value))


def check_key(project: Project, key: str, *, path: bool) -> None:
    """Raise InvalidProject for what is no key."""
    _parse(project, key, path=path)


def full_key(project: Project, key: str) -> str:
    """A key with its namespace. Raises InvalidProject."""
    return _parse(project, key, path=False)[0]


def _has(holder: Json, part: str | int) -> bool:
    if isinstance(holder, list):
        return isinstance(part, int) and part < len(holder)
    return isinstance(holder, dict) and part in holder


def _parse(project: Project, key: str, *, path: bool) -> tuple[str, tuple[str | int, ...]]:
    try:
        first, *rest = parse_path(key) if path else (key,)
    except ValueError as error:
        raise InvalidProject(f"config: {error}") from None
    if not isinstance(first, str) or not re.fullmatch(r"[^:\s]+(:[^:\s]+)?", first):
        raise InvalidProject(f"config: {key}: must be KEY or NAMESPACE:KEY; correct the key")
    return (first if ":" in first else f"{project.name}:{first}"), tuple(rest)


def _full_keys(project: Project, config: dict[str, Any]) -> dict[str, Any]:
    return {(key if ":" in key else f"{project.name}:{key}"): value for key, value in config.items()}


def reader_of(
    project: Project, stack: str, options: Options, file: configs.StackFile, *, show_secrets: bool
) -> Callable[[str], str]:
    """What a secret is told as: its text, or `[secret]`, for which no passphrase is needed."""
    if show_secrets:
        return crypter_of(project, stack, options, file).decrypt
    return lambda _: SECRET_MASK


def crypter_of(project: Project, stack: str, options: Options, file: configs.StackFile) -> Crypter:
    """What opens the secrets of a stack's configuration. Raises MissingPassphrase."""
    checkpoint = read_checkpoint(stack_files(project, stack, options))
    return Crypter(passphrase(options), file.salt_state or checkpoint.salt_state)


def _typed(value: str) -> Json:
    if value in ("true", "false"):
        return value == "true"
    return int(value) if re.fullmatch(r"0|-?[1-9]\d{0,15}", value) else value


def _with(value: Json, parts: tuple[str | int, ...], new: Json, key: str) -> Json:
    """`value` with `new` at a path; what is missing on the way is made."""
    if not parts:
        return new
    part, rest = parts[0], parts[1:]
    if isinstance(part, int):
        items = list(value) if isinstance(value, list) else []
        if (value is not None and not isinstance(value, list)) or part > len(items):
            raise InvalidProject(f"config: {key}: index {part} is beyond a list's end; use {len(items)}")
        return [*items[:part], _with(_at(items, part), rest, new, key), *items[part + 1 :]]
    if value is not None and (not isinstance(value, dict) or set(value) == {"secure"}):
        raise InvalidProject(f"config: {key}: {part} would lie below what is no mapping; remove that first")
    fields = dict(value or {})
    return {**fields, part: _with(fields.get(part), rest, new, key)}


def _at(items: list[Any], index: int) -> Json:
    return items[index] if index < len(items) else None


def _rewritten(project: Project, stack: str, config: dict[str, Any], full: str, value: Any) -> str:  # noqa: ANN401 - a YAML value or none
    """The file's text with one key changed, checked by reading it again."""
    file = project.config_file(stack)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if text and not text.endswith("\n"):
        text += "\n"
    name = next((key for key in config if _full_keys(project, {key: 0}).keys() == {full}), full)
    lines = text.splitlines(keepends=True)
    expected = {key: item for key, item in config.items() if key != name}
    block: list[str] = []
    if value is not _MISSING:
        expected[name] = value
        dumped = yaml.safe_dump({name: value}, sort_keys=False, allow_unicode=True, width=10**6)
        block = dumped.splitlines(keepends=True)
    start, end, indent = _place(text, name)
    if start is None:
        lines += ["config:\n", *(f"  {line}" for line in block)]
    else:
        lines[start:end] = [" " * indent + line for line in block]
    changed = "".join(lines)
    try:
        found = (yaml.safe_load(changed) or {}).get("config") or {}
    except yaml.YAMLError:
        found = None
    if found != expected:
        raise InvalidProject(f"config: {file}: its form cannot be changed line by line; edit it by hand")
    return changed


def _place(text: str, name: str) -> tuple[int | None, int, int]:
    """Lines (from, to) that hold a key of `config`, or where it would go, and its indent."""
    root = yaml.compose(text, Loader=yaml.SafeLoader) if text else None
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    for key, value in pairs:
        if key.value != "config":
            continue
        if not isinstance(value, yaml.MappingNode) or not value.value:
            return key.end_mark.line + 1, key.end_mark.line + 1, 2
        for inner, held in value.value:
            if inner.value == name:
                return inner.start_mark.line, _end(held), inner.start_mark.column
        last_key, last = value.value[-1]
        return _end(last), _end(last), last_key.start_mark.column
    return None, 0, 2


def _end(node: yaml.Node) -> int:
    """The line after a value, comments below it left out."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line) + (node.end_mark.column > 0)


def write_stack_file(project: Project, stack: str, text: str) -> None:
    """Replace the stack's configuration file, in one step. Raises StoreFailed, and it is as it was."""
    file = project.config_file(stack)
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    try:
        write_atomically(file, text.encode(), mode=mode)
    except OSError as error:
        raise StoreFailed(
            f"config: {file}: cannot be written ({error.strerror}); see to its folder's owner and mode"
        ) from None


def shown_config(project: Project, stack: str) -> dict[str, str]:
    """The configuration as the program gets it, secrets as `[secret]`; needs no passphrase."""
    file = configs.read_stack_file(project, stack)
    return dict(configs.resolve_config(project, file, lambda _: SECRET_MASK).values)


def as_text(value: Json) -> str:
    """A value as the program gets it."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
