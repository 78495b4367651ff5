"""The little HTTP that datahall itself speaks: to services on loopback, never through a proxy."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def get_status(url: str, *, timeout_s: float = 2) -> int | None:
    """The status that a GET is answered with; None where nobody answers."""
    try:
        return _exchange("GET", url, None, timeout_s)[0]
    except (OSError, http.client.HTTPException):
        return None


def post_json(url: str, body: Mapping[str, Any], *, timeout_s: float = 10) -> dict[str, Any]:
    """POST JSON, get JSON.

    Raises:
        OSError: nobody answers, or the answer is not a success.
    """
    status, answer = _exchange("POST", url, json.dumps(body).encode(), timeout_s)
    if status != 200:
        raise OSError(f"{url} answered {status}: {answer[:200].decode(errors='replace')}")
    parsed: dict[str, Any] = json.loads(answer)
    return parsed


def _exchange(method: str, url: str, body: bytes | None, timeout_s: float) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request(method, parts.path or "/", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
