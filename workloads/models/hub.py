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
_FIX = "give a folder that save_pretrained wrote, NAME or NAME@REVISION of a hub, or package:NAME/FOLDER"


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
        rule = "must be one that may be read: the hub asks for leave"
        raise InvalidInputError(field, checkpoint, rule, "ask for it at the hub, and set HF_TOKEN") from None
    except RevisionNotFoundError:
        raise InvalidInputError(field, checkpoint, "must be a revision that the hub has", _FIX) from None
    except RepositoryNotFoundError:
        raise InvalidInputError(field, checkpoint, "must be there: the hub has none", _FIX) from None
    except HFValidationError:
        raise InvalidInputError(field, checkpoint, "must be there: no folder, no hub's name", _FIX) from None
    except LocalEntryNotFoundError:
        rule = "must be there: the hub does not answer, and the cache does not have it"
        raise InvalidInputError(field, checkpoint, rule, _FIX) from None
    except (OSError, HfHubHTTPError) as error:
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
    except (OSError, HfHubHTTPError, httpx2.HTTPError):
        return False
    return True


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
