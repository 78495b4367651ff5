"""``python -m datahall.edge.way``: the two ways that a model on the hosts needs, until their network is gone.

In: a port of the machine's loopback leads to the edge; TLS goes through untouched. Back: a port of the hosts'
gateway leads to the emulated AWS, from which a model server fetches its model whenever it starts.
"""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datahall.errors import OperationError, report
from datahall.sandbox.aws import control
from datahall.sandbox.hosts import HostsFailedError
from datahall.sandbox.hosts.model import Process
from datahall.sandbox.hosts.processes import alive
from datahall.sandbox.hosts.relay import Streams, listen, network_of, pass_on, sockets

AWS_PORT = 8099
"""The port of the hosts' gateway that leads to the emulated AWS; below those that the kernel gives away."""
_BATCH = 16
_LOOK_S = 1.0


@dataclass
class _Inside:
    """Connections to one address in the hosts' network, by sockets that were made there beforehand."""

    network: Process
    address: tuple[str, int]
    ready: list[socket.socket] = field(default_factory=list)

    async def connect(self) -> Streams:
        """Raises OSError where nobody is there."""
        if not self.ready:
            try:
                self.ready += await asyncio.to_thread(sockets, self.network, _BATCH)
            except HostsFailedError as error:
                raise OSError(str(error)) from None
        chosen = self.ready.pop()
        chosen.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(chosen, self.address)
        except OSError:
            chosen.close()
            raise
        return await asyncio.open_connection(sock=chosen)


async def _back(aws: Path) -> Streams:
    """To the emulated AWS, on whichever port it is now."""
    server = await asyncio.to_thread(control.running, aws)
    if server is None:
        raise OSError(f"{aws}: the emulated AWS does not run")
    return await asyncio.open_connection(control.HOST, server.port)


async def _run(hosts: Path, aws: Path, port: int, edge: tuple[str, int]) -> None:
    network, stopped = network_of(hosts), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    inside = _Inside(network, edge)
    with socket.create_server((control.HOST, port)) as door, listen(network, AWS_PORT) as gateway:
        ways = [await pass_on(door, inside.connect), await pass_on(gateway, lambda: _back(aws))]
        while not stopped.is_set() and alive(network):
            try:
                await asyncio.wait_for(stopped.wait(), _LOOK_S)
            except TimeoutError:
                continue
        for way in ways:
            way.close()


def main(argv: Sequence[str]) -> int:
    """Lead until TERM, or until the hosts' network is gone; the exit code."""
    parser = argparse.ArgumentParser("datahall.edge.way", description=__doc__)
    parser.add_argument("--hosts", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--aws", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--port", type=int, required=True, help="of the machine's loopback")
    parser.add_argument("--edge", required=True, metavar="ADDRESS:PORT")
    args = parser.parse_args(argv)
    address, _, port = args.edge.rpartition(":")
    try:
        asyncio.run(_run(args.hosts, args.aws, args.port, (address, int(port))))
    except (HostsFailedError, OSError) as error:
        return report(OperationError(str(error)), as_json=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
