"""Texts with their characters in order; what is no usable text is rejected."""

import html
import re
import unicodedata
from collections.abc import Iterator

from workloads.pipeline.config import CleanConfig
from workloads.pipeline.record import TEXT, Record, Reject

_UNWANTED = re.compile(r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u2060\ufeff]")
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|</?[a-zA-Z][^<>]*>", re.DOTALL | re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n ?")
_GAPS = re.compile(r"\n{3,}")


def tidy(text: str, config: CleanConfig) -> str:
    """Composed characters (NFC), no control characters, single blanks, at most one empty line."""
    if config.html:
        text = html.unescape(_TAG.sub(" ", text))
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _BLANKS.sub(" ", _UNWANTED.sub("", text))
    return _GAPS.sub("\n\n", _LINES.sub("\n", text)).strip()


def clean(records: Iterator[Record], config: CleanConfig, reject: Reject) -> Iterator[Record]:
    """The records with tidy texts; rejected are those that are broken, too short or too long."""
    for record in records:
        text = tidy(record.text, config)
        reason = _fault(text, config)
        if reason:
            reject(reason, record.origin, record.fields)
        else:
            yield record.having(**{TEXT: text})


def _fault(text: str, config: CleanConfig) -> str | None:
    if "\ufffd" in text or any(0xD800 <= ord(character) < 0xE000 for character in text):
        return "broken characters"
    if len(text) < config.min_chars:
        return f"shorter than {config.min_chars} characters"
    if len(text) > config.max_chars:
        return f"longer than {config.max_chars} characters"
    return None
