"""A checkpoint of a hub, whole in the hub's own cache: `NAME` or `NAME@REVISION`."""

import hashlib
import os
import re
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from workloads.errors import CorruptDataError, InvalidInputError

FILES = ("*.json", "*.safetensors", "*.jinja", "*.txt", "tokenizer.model")
"""What decides what a checkpoint says; weights are safetensors only."""
_TIMEOUT_S = 10.0
_REFUSALS = (401, 403)
_FIX = "give a folder that save_pretrained wrote, NAME or NAME@REVISION of a hub, or package:NAME/FOLDER"
_LEAVE = "set HF_TOKEN to a token of yours that may read it"


def snapshot(checkpoint: str, *, field: str) -> Path:
    """The folder of a hub's checkpoint at one revision, from the cache where the hub does not answer.

    Each file has the hash that the hub gave it. Raises InvalidInputError for one that is not there or may
    not be read, CorruptDataError for a damaged file.
    """
    name, _, revision = checkpoint.partition("@")
    try:
        folder = Path(
            snapshot_download(
                name,
                revision=revision or None,
                allow_patterns=list(FILES),
                local_files_only=not _answers(name, revision or None),
            )
        )
    except GatedRepoError:
        rule = "must be one that may be read: the hub gives it to those who asked for it there"
        raise InvalidInputError(field, checkpoint, rule, f"ask for it at the hub, and {_LEAVE}") from None
    except RevisionNotFoundError:
        raise InvalidInputError(field, checkpoint, "must be a revision that the hub has", _FIX) from None
    except RepositoryNotFoundError:  # the hub says the same of a private one
        rule = "must be there: the hub has none that may be read"
        raise InvalidInputError(field, checkpoint, rule, f"{_FIX}; for a private one, {_LEAVE}") from None
    except HFValidationError:
        raise InvalidInputError(field, checkpoint, "must be there: no folder, no hub's name", _FIX) from None
    except LocalEntryNotFoundError:
        rule = "must be there: the hub does not answer, and the cache does not have it"
        raise InvalidInputError(field, checkpoint, rule, _FIX) from None
    except (OSError, HfHubHTTPError) as error:
        if _refused(error):
            rule = "must be one that may be read: the hub refuses the token"
            raise InvalidInputError(field, checkpoint, rule, f"{_LEAVE}, or unset it") from None
        rule = f"must be there ({str(error).splitlines()[0]})"
        raise InvalidInputError(field, checkpoint, rule, _FIX) from None
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        _check(path, field, checkpoint)
    return folder


def _answers(name: str, revision: str | None) -> bool:
    """Whether the hub is there: `snapshot_download` would wait for ever for one that is silent.

    Raises what the hub says of the checkpoint.
    """
    try:
        HfApi().repo_info(name, revision=revision, timeout=_TIMEOUT_S)
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError):
        raise
    except (OSError, HfHubHTTPError, httpx2.HTTPError) as error:
        if _refused(error):
            raise
        return False
    return True


def _refused(error: Exception) -> bool:
    """Whether a hub that is there said that it knows nobody by that token, or that this one may not read."""
    return isinstance(error, HfHubHTTPError) and error.response.status_code in _REFUSALS


def _check(path: Path, field: str, checkpoint: str) -> None:
    """The cache names a file by the hub's etag: SHA-256, or git's SHA-1 of small ones."""
    blob = path.resolve()
    if blob == path.absolute() or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", blob.name):
        return  # a cache without links, or a hub whose etags are no hashes
    found = hashlib.sha256() if len(blob.name) == 64 else _of_git(blob)
    with blob.open("rb") as content:
        while block := content.read(1 << 20):
            found.update(block)
    if found.hexdigest() != blob.name:
        rule = f"must have the hash that the hub gave {path.name} ({blob.name[:12]}...)"
        fix = f"remove {os.path.relpath(blob)} and try again"
        raise CorruptDataError(field, checkpoint, rule, fix)


def _of_git(blob: Path) -> "hashlib._Hash":
    return hashlib.sha1(f"blob {blob.stat().st_size}\0".encode(), usedforsecurity=False)
