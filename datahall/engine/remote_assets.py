"""Assets behind a URI: `file://`, and `http://` and `https://` on this machine.

The engine reaches for nothing beyond loopback, so what lies elsewhere is refused by name. Redirects are
followed under the same rule, proxies are not used.
"""

from __future__ import annotations

import http.client
import ipaddress
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from datahall.engine.errors import ProgramFailed, Unsupported

MOST_BYTES: Final = 256 * 1024 * 1024
SECONDS: Final = 30.0  # for a connection, and for each read
_LOCAL: Final = ("", "localhost")


def fetch(uri: str, most: int = MOST_BYTES) -> bytes:
    """The bytes behind a URI.

    Raises Unsupported for what lies on another machine, ProgramFailed for what cannot be had.
    """
    parts = _parsed(uri)
    if parts.scheme == "file":
        return _file(parts)
    if parts.scheme not in ("http", "https"):
        raise Unsupported(f"asset: {_shown(parts)}: only file, http and https; use one of those")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _OnLoopback)
    try:
        with opener.open(uri, timeout=SECONDS) as response:
            content: bytes = response.read(most + 1)
    except urllib.error.HTTPError as error:
        error.close()  # it holds the answer, and with it the connection
        said = f"the server answers {error.code} {error.reason}"
        raise ProgramFailed(f"asset: {_shown(parts)}: {said}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error or type(error).__name__
        raise ProgramFailed(f"asset: {_shown(parts)}: cannot be fetched ({reason})") from None
    if len(content) > most:
        raise ProgramFailed(f"asset: {_shown(parts)}: larger than {most} bytes; make it a file here")
    return content


def path_of(uri: str) -> str:
    """The path in a URI, whose end tells what kind of archive it is."""
    return _parsed(uri).path


class _OnLoopback(urllib.request.BaseHandler):
    """Looks at each request before it is made, also at those that follow a redirect."""

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        _must_be_local(_parsed(request.full_url))
        return request

    https_request = ftp_request = http_request


def _parsed(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError as error:
        raise ProgramFailed(f"asset: not a URI ({error}); write it like file:///PATH") from None
    return parts


def _must_be_local(parts: SplitResult) -> None:
    host = parts.hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise Unsupported(
            f"asset: {_shown(parts)}: on another machine, which the embedded engine does not reach for; "
            "fetch it yourself and use a FileAsset or FileArchive"
        )


def _file(parts: SplitResult) -> bytes:
    if (parts.hostname or "") not in _LOCAL or parts.query or parts.fragment:
        raise ProgramFailed(f"asset: {_shown(parts)}: not a file of this machine; write it like file:///PATH")
    try:
        return Path(unquote(parts.path)).read_bytes()
    except OSError as error:
        raise ProgramFailed(f"asset: {_shown(parts)}: {error.strerror}; correct the path") from None


def _shown(parts: SplitResult) -> str:
    """The URI without what may be a secret in it: user, password, query."""
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
