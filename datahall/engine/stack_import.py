"""The counterpart of an export: a deployment, edited perhaps, becomes the stack's state."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from datahall.engine import config as configs
from datahall.engine import urn as urns
from datahall.engine.checkpoint import (
    FEATURES,
    VERSION,
    WITH_FEATURES,
    check_deployment,
    features_of,
    passphrase_salt,
    read_checkpoint,
    render,
)
from datahall.engine.errors import BrokenState, InvalidProject, Unsupported
from datahall.engine.lock import locked
from datahall.engine.options import Options
from datahall.engine.project import Project
from datahall.engine.secrets import Crypter
from datahall.engine.stack_admin import require_stack
from datahall.engine.stack_options import passphrase
from datahall.engine.state import compact, decode_state
from datahall.engine.values import SECRET_SIGNATURE, SIGNATURE, Json


def import_stack(
    project: Project, stack: str, options: Options, content: str | bytes, *, force: bool = False
) -> list[str]:
    """Make an exported deployment the stack's state; returns what was done besides, to be told.

    The state before is kept as the backup, secrets are encrypted with the stack's key, pending operations
    left out. Raises Unsupported for another version, BrokenState for what does not fit together,
    MissingPassphrase for secrets that the stack's passphrase does not open, and InvalidProject for
    resources of another stack, unless `force`. Then nothing is written.
    """
    deployment = _deployment(content)
    resources = check_deployment("deployment", deployment)
    foreign = _foreign(resources, project, stack)
    if foreign and not force:
        raise InvalidProject(
            f"deployment: {foreign[0]}: a resource of another stack, not of {project.name}/{stack}; "
            "import that stack's own export, or add --force"
        )
    files = require_stack(project, stack, options)
    files.backend.prepare()
    with locked(files, lambda _: None):
        own_salt = read_checkpoint(files).salt_state
        phrase = passphrase(options)
        crypter = Crypter(phrase, configs.read_stack_file(project, stack).salt_state or own_salt)
        sealed = resealed(resources, _seal(deployment, phrase, crypter), crypter)
        files.state.keep_backup()
        content = render(
            stack=stack,
            project=project.name,
            salt_state=crypter.salt_state,
            resources=[compact(data) for data in sealed],
            pending=(),
            features=features_of(decode_state(data, None) for data in resources),
            plugins=(deployment.get("manifest") or {}).get("plugins") or (),
        )
        files.state.write(content)
    told = [f"{urn}: a resource of another stack, imported all the same" for urn in foreign]
    for operation in deployment.get("pending_operations") or ():
        urn = operation["resource"]["urn"]
        told.append(f"{urn}: pending operation left out: {operation['type']}; look whether it was done")
    return told


def _deployment(content: str | bytes) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenState(f"deployment: not valid JSON ({error}); give what stack export writes") from None
    if not isinstance(data, dict) or "version" not in data:
        raise BrokenState("deployment: it has no version; give what stack export writes")
    if data["version"] not in (VERSION, WITH_FEATURES):
        raise Unsupported(
            f"deployment: version {data['version']!r}: only {VERSION} and {WITH_FEATURES} are supported"
        )
    if unknown := set(data.get("features") or ()) - {*FEATURES}:
        raise Unsupported(
            f"deployment: features: {', '.join(sorted(unknown))}: only {', '.join(FEATURES)} are supported"
        )
    if not isinstance(data.get("deployment"), dict):
        raise BrokenState("deployment: it holds no deployment; give what stack export writes")
    deployment: dict[str, Any] = data["deployment"]
    return deployment


def _foreign(resources: list[dict[str, Any]], project: Project, stack: str) -> list[str]:
    parsed = [(data["urn"], urns.parse(data["urn"])) for data in resources]
    return [urn for urn, parts in parsed if (parts.stack, parts.project) != (stack, project.name)]


def _seal(deployment: dict[str, Any], phrase: str, crypter: Crypter) -> Callable[[str], str]:
    """How a ciphertext of the deployment becomes one of the stack. Raises MissingPassphrase when called."""
    salt = passphrase_salt("deployment", deployment.get("secrets_providers"))
    if salt is None or salt == crypter.salt_state:

        def checked(ciphertext: str) -> str:
            crypter.decrypt(ciphertext)
            return ciphertext

        return checked
    other = Crypter(phrase, salt)
    return lambda ciphertext: crypter.encrypt(other.decrypt(ciphertext))


def resealed(data: Json, seal: Callable[[str], str], crypter: Crypter) -> Json:
    """Data with each secret in it encrypted with the stack's key."""
    if isinstance(data, list):
        return [resealed(item, seal, crypter) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get(SIGNATURE) != SECRET_SIGNATURE:
        return {key: resealed(item, seal, crypter) for key, item in data.items()}
    plaintext, ciphertext = data.get("plaintext"), data.get("ciphertext")
    if isinstance(plaintext, str):
        try:
            text = compact(json.loads(plaintext))
        except ValueError:
            raise BrokenState(
                'deployment: the plaintext of a secret is not JSON; write it like "\\"text\\""'
            ) from None
        return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": crypter.encrypt(text)}
    if not isinstance(ciphertext, str):
        raise BrokenState("deployment: a secret has neither plaintext nor ciphertext; export it again")
    return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": seal(ciphertext)}
