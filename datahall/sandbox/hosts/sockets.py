"""Make sockets in the network namespace that we run in, and hand them to whoever started us.

They connect there from wherever they are held, so one start of a process is enough for many connections.
"""

import socket
import sys


def main() -> int:
    """Argument: how many; they go out through the socket on stdout."""
    made = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(int(sys.argv[1]))]
    with socket.socket(fileno=sys.stdout.fileno()) as out:
        socket.send_fds(out, [b"\0"], [each.fileno() for each in made])
        out.detach()
    return 0


if __name__ == "__main__":
    sys.exit(main())
