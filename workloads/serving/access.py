"""Who may reach the server: loopback freely, anything wider only with a token."""

import errno
import hashlib
import hmac
import ipaddress
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

from workloads.errors import InvalidInputError
from workloads.serving.problem import ProblemError

_SHORTEST = 16


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on `host`:`port` (0: a free one); raises InvalidInputError."""
    if not 0 <= port <= 65535:
        raise InvalidInputError("--port", port, "must be from 0 to 65535", "give another")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise InvalidInputError("--host", host, str(error.strerror), "give an address of this host") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            fix = "stop what listens there, or give another port"
            raise InvalidInputError("--port", port, f"must be free on {host}", fix) from None
        field = "--port" if error.errno == errno.EACCES else "--host"
        value = port if field == "--port" else host
        fix = "give a port above 1023" if field == "--port" else "give an address of this host"
        raise InvalidInputError(field, value, error.strerror or "cannot be listened on", fix) from None
    return listener


def read_token(host: str, file: Path | None) -> str | None:
    """The token in `file`; raises InvalidInputError where one is needed, or it is not kept private."""
    if file is None:
        if not _is_loopback(host):
            rule = "must be a loopback address unless there is a token"
            raise InvalidInputError("--host", host, rule, "give --token-file FILE, or --host 127.0.0.1")
        return None
    try:
        mode, token = file.stat().st_mode, file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        rule = getattr(error, "strerror", None) or "must be text"
        raise InvalidInputError("--token-file", file, rule, "give a readable file") from None
    if stat.S_IMODE(mode) & 0o077:
        rule = "must be readable by its owner only"
        raise InvalidInputError("--token-file", file, rule, f"chmod 600 {file}")
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        rule = f"must hold one line of at least {_SHORTEST} ASCII characters without spaces"
        raise InvalidInputError("--token-file", file, rule, "write one: openssl rand -hex 32 > FILE")
    return token


def metrics_token(token: str) -> str:
    """What who watches a server may hold in place of `token`: it opens the metrics and leads to no other.

    SHA-256 of ``metrics:TOKEN`` in hexadecimal, as a shell makes it too: nothing more is to be kept or told.
    """
    return hashlib.sha256(f"metrics:{token}".encode()).hexdigest()


def check_token(expected: Sequence[str], authorization: str) -> None:
    """Raise ProblemError (401) unless the header carries a token that is `expected`, where any is.

    Their values are never told.
    """
    if not expected:
        return
    scheme, _, given = authorization.partition(" ")
    same = any(hmac.compare_digest(given.strip().encode(), token.encode()) for token in expected)
    if scheme.lower() != "bearer" or not same:
        value = "another token" if authorization else "missing"
        raise ProblemError(
            401,
            field="Authorization",
            value=value,
            rule="must carry the server's token",
            fix="send the header Authorization: Bearer TOKEN",
            headers={"WWW-Authenticate": "Bearer", "Connection": "close"},
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
