"""A stack's passphrase changes: every secret of its state and of its configuration file gets a new key.

The configuration file is written first, then the state. A change that is killed between the two leaves each
whole, with a key of its own, and the same change again goes on: it opens each with the passphrase that fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from datahall.engine.checkpoint import Checkpoint, read_checkpoint, write_resealed
from datahall.engine.config import StackFile, ciphertexts, read_stack_file
from datahall.engine.config_edit import write_stack_file
from datahall.engine.errors import EngineError, InvalidProject, MissingPassphrase, Unsupported
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.secrets import Crypter
from datahall.engine.stack_admin import require_stack
from datahall.engine.stack_import import resealed
from datahall.engine.stack_options import passphrase

_OURS = "passphrase"
_THEIRS = ("default", "awskms", "azurekeyvault", "gcpkms", "hashivault")


def check_provider(given: str) -> None:
    """Raise Unsupported for a secrets provider that is not ours, InvalidProject for what is none."""
    if given == _OURS:
        return
    kind = given.partition("://")[0]
    if kind in _THEIRS:
        raise Unsupported(f"secrets provider: {kind}: only `{_OURS}` is supported; see docs/engine.md")
    raise InvalidProject(f"secrets provider: {given}: there is none of that name; give {_OURS}")


def change_passphrase(project: Project, stack: str, options: Options, new: str) -> bool:
    """Encrypt a stack's secrets with a new passphrase (or, with the same one, a new key); False: it was done.

    The state before is kept as the backup; it and the history keep the key they have. Raises
    MissingPassphrase, and changes nothing, if neither the passphrase of `options` nor the new one opens them.
    """
    files = require_stack(project, stack, options)
    files.backend.prepare()
    with locked(files, lambda _: None):
        checkpoint, file = read_checkpoint(files), read_stack_file(project, stack)
        given = file.salt_state or checkpoint.salt_state
        keys = _keys((given, checkpoint.salt_state), passphrase(options), new)
        target = next((key for key, is_new in keys.values() if is_new), None) or Crypter(new)
        if file.salt_state == checkpoint.salt_state == target.salt_state:
            return False
        there = project.config_file(stack)
        before = there.read_text(encoding="utf-8") if there.exists() else None
        text = _config_text(there, before or "", file, keys[given][0] if given else None, target)
        state = _state(checkpoint, keys, target)
        files.state.keep_backup()
        if text != before:
            write_stack_file(project, stack, text)
        try:
            write_resealed(files, state, target.salt_state)
        except EngineError:
            if before is None:
                there.unlink(missing_ok=True)
            else:
                write_stack_file(project, stack, before)
            raise
    return True


def _keys(salts: tuple[str | None, ...], old: str, new: str) -> dict[str, tuple[Crypter, bool]]:
    """What opens each salt, and whether it is the new passphrase, of a change that was cut short."""
    found: dict[str, tuple[Crypter, bool]] = {}
    for salt in filter(None, salts):
        if salt in found:
            continue
        mine = Crypter(old, salt)
        try:
            mine.salt_state  # noqa: B018 - raises for a wrong passphrase
            found[salt] = (mine, False)
        except MissingPassphrase:
            theirs = Crypter(new, salt)
            try:
                theirs.salt_state  # noqa: B018 - as above
                found[salt] = (theirs, True)
            except MissingPassphrase:
                raise MissingPassphrase(
                    "passphrase: neither the present one nor the new one opens the stack's secrets; "
                    "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the present one"
                ) from None
    return found


def _state(
    checkpoint: Checkpoint, keys: Mapping[str, tuple[Crypter, bool]], target: Crypter
) -> dict[str, Any]:
    """What the state's `latest` holds, with its secrets under the new key."""
    mine = keys[checkpoint.salt_state][0] if checkpoint.salt_state else None

    def seal(ciphertext: str) -> str:
        if mine is None:
            raise InvalidProject("state: it has a secret and no key for it; restore it from a backup")
        return target.encrypt(mine.decrypt(ciphertext))

    return {
        name: resealed(checkpoint.latest[name], seal, target)
        for name in ("resources", "pending_operations")
        if name in checkpoint.latest
    }


def _config_text(where: Path, before: str, file: StackFile, mine: Crypter | None, target: Crypter) -> str:
    """The configuration file's text: ciphertexts and the salt are exchanged, all else stays."""
    found = list(ciphertexts(file.config))
    if found and mine is None:
        raise InvalidProject(f"config: {where}: it has a secret and no key for it; set the value again")
    text = before
    changed = {old: target.encrypt(mine.decrypt(old)) for old in found} if mine is not None else {}
    for old, new in changed.items():
        text = text.replace(old, new)
    if file.salt_state:
        text = text.replace(file.salt_state, target.salt_state)
    else:
        line_end = "\n" if text and not text.endswith("\n") else ""
        text += f"{line_end}encryptionsalt: {target.salt_state}\n"
    expected = {**_swapped(yaml.safe_load(before) or {}, changed), "encryptionsalt": target.salt_state}
    if yaml.safe_load(text) != expected:
        raise InvalidProject(f"config: {where}: its form cannot be changed in place; set its secrets by hand")
    return text


def _swapped(value: Any, changed: Mapping[str, str]) -> Any:  # noqa: ANN401 - a YAML value
    if isinstance(value, dict):
        return {name: _swapped(item, changed) for name, item in value.items()}
    if isinstance(value, list):
        return [_swapped(item, changed) for item in value]
    return changed.get(value, value) if isinstance(value, str) else value
