"""Which ports of this machine are free, and who has those that are not. Loopback only."""

import socket

import psutil

from datahall.errors import UserError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still being closed counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


def require_free(port: int, *, field: str = "--port") -> None:
    """Refuse a port that is out of range or taken.

    Raises:
        UserError: it is, and by whom where that can be told.
    """
    if not 1024 <= port <= 65535:
        raise UserError(field, str(port), "must be between 1024 and 65535", f"leave it out, or: {field} 5001")
    if not is_free(port):
        raise UserError(
            field,
            str(port),
            f"is in use{_holder(port)}",
            f"stop that, or choose another: {field} {any_free()}",
        )


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return ""
    for connection in connections:
        listening = connection.status == psutil.CONN_LISTEN
        if listening and connection.pid and connection.laddr and connection.laddr.port == port:
            try:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                return ""
    return ""


def any_free() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
