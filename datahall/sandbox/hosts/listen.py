"""Listen within the network namespace that we run in, and hand the socket to whoever started us.

Nothing of ours stays in that namespace: the socket works from wherever it is held.
"""

import socket
import sys


def main() -> int:
    """Arguments: address and port (0: a free one); the socket goes out through the socket on stdout."""
    address, port = sys.argv[1], int(sys.argv[2])
    try:
        listener = socket.create_server((address, port), backlog=64)
    except OSError as error:
        print(f"{address}:{port}: {error.strerror or error}", file=sys.stderr)
        return 1
    with listener, socket.socket(fileno=sys.stdout.fileno()) as out:
        socket.send_fds(out, [b"\0"], [listener.fileno()])
        out.detach()
    return 0


if __name__ == "__main__":
    sys.exit(main())
