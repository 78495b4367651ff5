"""Listen within the network namespace that we run in, and hand the socket to whoever started us.

Nothing of ours stays in that namespace: the socket works from wherever it is held.
"""

import socket
import sys


def main() -> int:
    """Argument: the address; the listening socket goes out through the socket on stdout."""
    with (
        socket.create_server((sys.argv[1], 0), backlog=64) as listener,
        socket.socket(fileno=sys.stdout.fileno()) as out,
    ):
        socket.send_fds(out, [b"\0"], [listener.fileno()])
        out.detach()
    return 0


if __name__ == "__main__":
    sys.exit(main())
