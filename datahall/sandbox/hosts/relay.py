"""A way from the hosts to one service on the machine's loopback; they have no other route out.

The listening socket is made on the gateway's address in the hosts' network and held here: what it accepts
is passed on to the service, for as long as the block runs.
"""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datahall.sandbox.hosts import store
from datahall.sandbox.hosts.errors import HostsFailedError
from datahall.sandbox.hosts.model import GATEWAY
from datahall.sandbox.hosts.network import within
from datahall.sandbox.hosts.processes import alive

_LISTEN = Path(__file__).parent / "listen.py"
_LOOPBACK, _CHUNK = "127.0.0.1", 1 << 16


@contextmanager
def open_relay(folder: Path, port: int) -> Iterator[tuple[str, int]]:
    """Address and port under which the hosts reach 127.0.0.1:``port``.

    Raises:
        HostsFailedError: the hosts have no network.
    """
    listener = _listen(folder.resolve())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_serve(listener, port), loop).result()
        yield str(GATEWAY), listener.getsockname()[1]
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        listener.close()


def _listen(folder: Path) -> socket.socket:
    record = store.load(folder)
    if record is None or record.network is None or not alive(record.network):
        raise HostsFailedError(f"{folder}: the hosts have no network; bring them up")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run(
            [*within(record.network), sys.executable, "-IS", str(_LISTEN), str(GATEWAY)],
            check=True, stdin=subprocess.DEVNULL, stdout=theirs.fileno(),
        )  # fmt: skip
        _, handles, _, _ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=handles[0])


async def _serve(listener: socket.socket, port: int) -> asyncio.Server:
    held = set[asyncio.Task[None] | None]()  # asyncio itself holds its tasks only weakly

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.add(asyncio.current_task())
        try:
            await passed_on(reader, writer)
        finally:
            held.discard(asyncio.current_task())

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back_reader, back_writer = await asyncio.open_connection(_LOOPBACK, port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_copy(reader, back_writer), _copy(back_reader, writer))
        finally:
            writer.close()
            back_writer.close()

    return await asyncio.start_server(answer, sock=listener)


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
