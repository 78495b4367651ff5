"""IAM policy documents as AWS gives them back."""

import json
from typing import Any
from urllib.parse import unquote


def statements(document: object) -> list[dict[str, Any]]:
    """The statements of a document, which may be text, and that with percent signs."""
    parsed = json.loads(unquote(document)) if isinstance(document, str) else document
    assert isinstance(parsed, dict)
    found: list[dict[str, Any]] = parsed["Statement"]
    return found
