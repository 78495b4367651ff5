"""Where a checkpoint is, and what it is: read before torch is needed."""

import json
from importlib.util import find_spec
from pathlib import Path

from transformers import AutoConfig

from workloads.errors import InvalidInputError
from workloads.fingerprint import sha256

_FIX = "give a folder that save_pretrained wrote, a hub's name, or package:NAME/FOLDER"
_WEIGHTS = "model.safetensors"


def locate(checkpoint: str) -> str:
    """What transformers can open: a folder or a hub's name; raises InvalidInputError."""
    if not checkpoint.startswith("package:"):
        return checkpoint
    package, _, folder = checkpoint.removeprefix("package:").partition("/")
    found = find_spec(package)
    places = list(found.submodule_search_locations or []) if found else []
    path = Path(places[0], folder) if places else None
    if path is None or not path.is_dir():
        rule = "must name an installed package and a folder in it"
        raise InvalidInputError("--model-checkpoint", checkpoint, rule, _FIX)
    return str(path)


def describe(checkpoint: str, classes: int) -> tuple[str, str]:
    """A checkpoint's configuration for `classes` classes as JSON, and which weights it has."""
    place = locate(checkpoint)
    try:
        config = AutoConfig.from_pretrained(place, num_labels=classes)
    except (OSError, ValueError) as error:
        rule = f"must be a checkpoint that can be opened ({str(error).splitlines()[0]})"
        raise InvalidInputError("--model-checkpoint", checkpoint, rule, _FIX) from None
    weights = Path(place, _WEIGHTS)
    revision = sha256(weights.read_bytes()) if weights.is_file() else str(getattr(config, "_commit_hash", ""))
    return json.dumps(config.to_dict(), sort_keys=True), revision
