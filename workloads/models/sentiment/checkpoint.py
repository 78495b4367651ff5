"""Where a checkpoint is, and what it is: read before torch is needed."""

import json
from importlib.util import find_spec
from pathlib import Path

from transformers import AutoConfig, AutoTokenizer

from workloads.errors import InvalidInputError
from workloads.fingerprint import canonical, sha256
from workloads.models.hub import snapshot

_FIX = "give a folder that save_pretrained wrote, NAME or NAME@REVISION of a hub, or package:NAME/FOLDER"
_WEIGHTS = "model.safetensors"


def locate(checkpoint: str) -> str:
    """The folder that transformers can open, a hub's copied into its cache; raises InvalidInputError."""
    if Path(checkpoint).is_dir():
        return checkpoint
    if not checkpoint.startswith("package:"):
        return str(snapshot(checkpoint, field="--model-checkpoint"))
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
    hashes = {path.name: sha256(path.read_bytes()) for path in sorted(Path(place).glob("*.safetensors"))}
    if not hashes:
        rule = "must hold weights as safetensors"
        raise InvalidInputError("--model-checkpoint", checkpoint, rule, _FIX)
    revision = hashes.get(_WEIGHTS) or sha256(canonical(hashes))
    return json.dumps(config.to_dict(), sort_keys=True), revision


def tokenizer_of(checkpoint: str, *, most: int) -> str:
    """A checkpoint's tokenizer as JSON, for texts of up to `most` tokens; raises InvalidInputError.

    One that does not match the network would ask it for entries, or for places, that it does not have.
    """
    place = locate(checkpoint)
    try:
        trained = AutoTokenizer.from_pretrained(place)
    except (OSError, ValueError) as error:
        rule = f"must have a tokenizer that can be opened ({str(error).splitlines()[0]})"
        raise InvalidInputError("--model-checkpoint", checkpoint, rule, _FIX) from None
    config = AutoConfig.from_pretrained(place)
    fix = "take another checkpoint"
    if not getattr(trained, "is_fast", False):
        rule = "must have a tokenizer of the tokenizers library"
        raise InvalidInputError("--model-checkpoint", checkpoint, rule, fix)
    if len(trained) <= len(trained.all_special_tokens):  # transformers makes one up where there is none
        rule = "must have a tokenizer with a vocabulary"
        raise InvalidInputError("--model-checkpoint", checkpoint, rule, fix)
    if len(trained) > config.vocab_size:
        rule = (
            f"must have a network that knows its tokenizer's {len(trained)} entries, not {config.vocab_size}"
        )
        raise InvalidInputError("--model-checkpoint", checkpoint, rule, fix)
    places = min(trained.model_max_length, getattr(config, "max_position_embeddings", most))
    if most > places:
        rule = f"must not be more than the checkpoint has places: {places}"
        raise InvalidInputError("--data-max-tokens", most, rule, "give less, or take another checkpoint")
    tokenizer: str = trained.backend_tokenizer.to_str()
    return tokenizer
