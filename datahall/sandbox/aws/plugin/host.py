"""Many providers in one process: `python -m datahall.sandbox.aws.plugin.host`, for a session of tests.

It starts beside the emulated AWS, whose address a first line on stdin tells: `at URL`. Then `open ACCESS_KEY`
gives a provider for that account, and prints its port; `close PORT` ends it. At the end of stdin the process
ends, so it outlives nobody.
"""

from __future__ import annotations

import os
import sys

from datahall.sandbox.aws.plugin.aws import NotSandboxError, require_loopback, require_sandbox


def main() -> int:
    """Exit code 2, with a short message, outside of a sandbox; 0 at the end of stdin."""
    try:
        require_sandbox(os.environ)
    except NotSandboxError as error:
        print(f"datahall.sandbox.aws.plugin.host: {error}", file=sys.stderr)
        return 2
    from datahall.sandbox.aws.plugin.server import serve  # noqa: PLC0415  # refuse before loading anything heavy

    servers = {}
    for line in sys.stdin:
        word, value = line.split()
        if word == "at":
            os.environ["AWS_ENDPOINT_URL"] = require_loopback(value, "at")
        elif word == "open":
            server, port = serve(value)
            servers[port] = server
            print(port, flush=True)
        else:
            servers.pop(int(value)).stop(grace=0)
    # Nothing is left to tidy up; the interpreter would spend a second on freeing what was imported.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
