"""ssh's ProxyCommand: connect within the network namespace that we run in, and hand the socket to ssh.

With ``ProxyUseFdpass`` nothing of ours stays between ssh and the host.
"""

import socket
import sys


def main() -> int:
    """Arguments: address and port; the connected socket goes out through the socket on stdout."""
    address, port = sys.argv[1], int(sys.argv[2])
    try:
        with socket.create_connection((address, port), timeout=5) as connection:
            connection.settimeout(None)
            with socket.socket(fileno=sys.stdout.fileno()) as ssh:
                socket.send_fds(ssh, [b"\0"], [connection.fileno()])
                ssh.detach()
    except OSError as error:
        print(f"{address}:{port}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
