"""`pulumi-resource-aws`: prints the port it serves on, and serves until it is ended.

AWS_ACCESS_KEY_ID says for which account of the sandbox; a key of any other form is for the default one.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from datahall.sandbox.aws import accounts
from datahall.sandbox.aws.plugin.aws import NotSandboxError, require_sandbox


def main() -> int:
    """Exit code 2, with a short message, outside of a sandbox; 0 when ended."""
    try:
        require_sandbox(os.environ)
    except NotSandboxError as error:
        print(f"pulumi-resource-aws: {error}", file=sys.stderr)
        return 2
    from datahall.sandbox.aws.plugin.server import serve  # noqa: PLC0415  # refuse before loading anything heavy

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    given = os.environ.get("AWS_ACCESS_KEY_ID", "")
    server, port = serve(given if accounts.account_of(given) else accounts.access_key())
    print(port, flush=True)
    parent = os.getppid()
    while not ended.wait(2) and os.getppid() == parent:
        pass  # an engine that died ends no plugin: it is for the plugin to see
    server.stop(grace=1).wait()
    # Nothing is left to tidy up; the interpreter would spend a second on freeing what was imported.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
