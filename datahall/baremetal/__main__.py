"""`pulumi-resource-baremetal [ENGINE]`: prints the port it serves on, and serves until it is ended.

ENGINE is the address of the engine's log, which gets what Ansible does while it does it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Final

_SECRETS: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_ACCESS_TOKEN")
_PATIENCE_S: Final = 10.0


def main() -> int:
    """Serve; 0 when ended."""
    for name in _SECRETS:  # Ansible and what it starts on hosts have no use for them
        os.environ.pop(name, None)
    from datahall.baremetal.server import serve  # noqa: PLC0415 - what it loads must not see them either

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    service, server, port = serve(sys.argv[1] if len(sys.argv) > 1 else "")
    print(port, flush=True)
    parent = os.getppid()
    while not ended.wait(1) and os.getppid() == parent:
        pass  # an engine that died ends no plugin: it is for the plugin to see
    service.end()  # no playbook outlives its plugin
    server.stop(grace=_PATIENCE_S).wait()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
