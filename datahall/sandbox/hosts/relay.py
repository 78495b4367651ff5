"""Ways between the hosts' network and the machine's loopback; the hosts have no other route out.

A socket belongs to the network that it was made in, whoever holds it: a process that only makes sockets there
and hands them over leaves nothing of ours in the hosts' network.
"""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from datahall.sandbox.hosts import store
from datahall.sandbox.hosts.errors import HostsFailedError
from datahall.sandbox.hosts.model import GATEWAY, Process
from datahall.sandbox.hosts.network import within
from datahall.sandbox.hosts.processes import alive

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]
"""Opens the other side of a connection; raises OSError where nobody is there."""

_HERE = Path(__file__).parent
_LOOPBACK, _CHUNK = "127.0.0.1", 1 << 16


@contextmanager
def open_relay(folder: Path, port: int) -> Iterator[tuple[str, int]]:
    """Address and port under which the hosts reach 127.0.0.1:``port``, for as long as the block runs.

    Raises:
        HostsFailedError: the hosts have no network.
    """
    listener = listen(network_of(folder), 0)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    try:
        way = pass_on(listener, lambda: asyncio.open_connection(_LOOPBACK, port))
        server = asyncio.run_coroutine_threadsafe(way, loop).result()
        yield str(GATEWAY), listener.getsockname()[1]
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        listener.close()


def network_of(folder: Path) -> Process:
    """The process that holds the hosts' network.

    Raises:
        HostsFailedError: they have none.
    """
    record = store.load(folder.resolve())
    if record is None or record.network is None or not alive(record.network):
        raise HostsFailedError(f"{folder}: the hosts have no network; bring them up")
    return record.network


def listen(network: Process, port: int) -> socket.socket:
    """A socket that listens on the gateway's ``port`` (0: a free one) in the hosts' network.

    Raises:
        HostsFailedError: somebody else does.
    """
    (listener,) = _made_there(network, "listen.py", str(GATEWAY), str(port))
    return listener


def sockets(network: Process, count: int) -> list[socket.socket]:
    """TCP sockets in the hosts' network that are not connected yet.

    Raises:
        HostsFailedError: the network is gone.
    """
    return _made_there(network, "sockets.py", str(count))


async def pass_on(listener: socket.socket, connect: Connect) -> asyncio.Server:
    """Pass what ``listener`` accepts on to what ``connect`` opens, both ways."""
    held = set[asyncio.Task[None] | None]()  # asyncio itself holds its tasks only weakly

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.add(asyncio.current_task())
        try:
            await passed_on(reader, writer)
        finally:
            held.discard(asyncio.current_task())

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back_reader, back_writer = await connect()
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_copy(reader, back_writer), _copy(back_reader, writer))
        finally:
            writer.close()
            back_writer.close()

    return await asyncio.start_server(answer, sock=listener)


def _made_there(network: Process, program: str, *arguments: str) -> list[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        done = subprocess.run(
            [*within(network), sys.executable, "-IS", str(_HERE / program), *arguments],
            check=False, stdin=subprocess.DEVNULL, stdout=theirs.fileno(), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise HostsFailedError(f"no socket in the hosts' network: {said[0]}")
        _, handles, _, _ = socket.recv_fds(ours, 1, 250)
    return [socket.socket(fileno=handle) for handle in handles]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the one side says no more; then the other side is told so."""
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()  # one of them went away: for the other that is the end, too


async def _close(server: asyncio.Server) -> None:
    server.close()
    current = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not current]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
