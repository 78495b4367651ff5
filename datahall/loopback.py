"""The little HTTP that datahall itself speaks: to services on loopback, never through a proxy."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def get_status(url: str, *, timeout_s: float = 2, ca: str = "") -> int | None:
    """The status that a GET is answered with; None where nobody does that ``ca`` vouches for."""
    try:
        return _exchange("GET", url, None, timeout_s, ca=ca)[0]
    except (OSError, http.client.HTTPException):
        return None


def get_json(url: str, *, timeout_s: float = 10, ca: str = "", token: str = "") -> dict[str, Any]:
    """GET JSON.

    Raises:
        OSError: nobody answers, or the answer is not a success.
    """
    return _json(url, *_exchange("GET", url, None, timeout_s, ca=ca, token=token))


def post_json(
    url: str, body: Mapping[str, Any], *, timeout_s: float = 10, ca: str = "", token: str = ""
) -> dict[str, Any]:
    """POST JSON, get JSON; ``ca`` is a file with the certificate that an https URL is trusted by.

    Raises:
        OSError: nobody answers, or the answer is not a success.
    """
    return _json(url, *_exchange("POST", url, json.dumps(body).encode(), timeout_s, ca=ca, token=token))


def _json(url: str, status: int, answer: bytes) -> dict[str, Any]:
    if status != 200:
        raise OSError(f"{url} answered {status}: {answer[:200].decode(errors='replace')}")
    parsed: dict[str, Any] = json.loads(answer)
    return parsed


def _exchange(
    method: str, url: str, body: bytes | None, timeout_s: float, *, ca: str = "", token: str = ""
) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    if parts.scheme == "https":
        trusted = ssl.create_default_context(cafile=ca)
        host = parts.hostname or ""
        connection = http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=trusted)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        connection.request(method, parts.path or "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
