"""A causal checkpoint of transformers as a phraser: a folder, a hub's name, or package:NAME/FOLDER."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteriaList

from workloads.errors import InvalidInputError
from workloads.fingerprint import canonical, sha256
from workloads.models.hub import FILES, snapshot
from workloads.models.sentiment.checkpoint import locate
from workloads.phrasing.phraser import INSTRUCTION, UnsaidError, prompt

_FIX = "give lm:VERSION, a folder that save_pretrained wrote, a hub's name, or package:NAME/FOLDER"


@dataclass(frozen=True)
class CheckpointPhraser:
    """What a checkpoint says next, the likeliest token each time."""

    name: str
    digest: str
    network: Any
    tokenizer: Any
    max_tokens: int
    seconds: float

    @torch.inference_mode()
    def say(self, question: str, passage: str, until: float) -> str:
        """Its turn of a talk where it has a template for one, else the rest of the line."""
        chats = bool(getattr(self.tokenizer, "chat_template", None))
        if chats:
            turns = [
                {"role": "user", "content": f"{INSTRUCTION}\n{prompt(question, passage)}"},
            ]
            given = self.tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
        else:
            given = self.tokenizer(prompt(question, passage), return_tensors="pt")
        length = int(given["input_ids"].shape[1])
        places = getattr(self.network.config, "max_position_embeddings", None)
        if places is not None and length + self.max_tokens > places:
            needed = length + self.max_tokens
            raise UnsaidError(f"{needed} tokens would be needed, and it has places for {places}")
        end = self.tokenizer.eos_token_id

        def line_ended(tokens: torch.Tensor, _scores: object, **_: object) -> torch.Tensor:
            said: str = self.tokenizer.decode(tokens[0, length:], skip_special_tokens=True)
            return torch.tensor(["\n" in said], device=tokens.device)

        made = self.network.generate(
            input_ids=given["input_ids"],
            attention_mask=given["attention_mask"],
            do_sample=False,
            max_new_tokens=self.max_tokens,
            max_time=max(until - time.monotonic(), 1e-3),
            pad_token_id=end if self.tokenizer.pad_token_id is None else self.tokenizer.pad_token_id,
            stopping_criteria=StoppingCriteriaList([] if chats else [line_ended]),
        )
        said: str = self.tokenizer.decode(made[0, length:], skip_special_tokens=True)
        return said if chats else said.partition("\n")[0]


def open_checkpoint(checkpoint: str, max_tokens: int, seconds: float) -> CheckpointPhraser:
    """The checkpoint on the CPU in fp32, named by the hash of its files; raises InvalidInputError."""
    folder = _folder(checkpoint)
    files = sorted({path for pattern in FILES for path in folder.glob(pattern) if path.is_file()})
    if not any(path.suffix == ".safetensors" for path in files):
        raise InvalidInputError("--by", checkpoint, "must hold weights as safetensors", _FIX)
    digest = sha256(canonical({path.name: sha256(path.read_bytes()) for path in files}))
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder))
        opened: Any = AutoModelForCausalLM.from_pretrained(
            str(folder), use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, ValueError, KeyError) as error:
        rule = f"must be a causal language model that can be opened ({str(error).splitlines()[0]})"
        raise InvalidInputError("--by", checkpoint, rule, _FIX) from None
    network, told = opened
    missing = sorted(told["missing_keys"])
    if missing:  # transformers would draw them at random
        rule = f"must have all its weights; {len(missing)} are missing, {missing[0]} for one"
        raise InvalidInputError("--by", checkpoint, rule, _FIX)
    if len(tokenizer) > network.config.vocab_size:
        rule = f"must know its tokenizer's {len(tokenizer)} entries, not {network.config.vocab_size}"
        raise InvalidInputError("--by", checkpoint, rule, "take another checkpoint")
    name = f"{checkpoint} {digest[:12]}"
    return CheckpointPhraser(name, digest, network.eval(), tokenizer, max_tokens=max_tokens, seconds=seconds)


def _folder(checkpoint: str) -> Path:
    if checkpoint.startswith("package:") or Path(checkpoint).is_dir():
        return Path(locate(checkpoint))
    return snapshot(checkpoint, field="--by")
