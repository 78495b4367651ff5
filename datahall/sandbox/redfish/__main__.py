"""``python -m datahall.sandbox.redfish --folder DIR (--hosts DIR | --system NAME...)``.

Prints one line of JSON, the address and the files that a client needs, and serves until it is ended.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from datahall.sandbox.redfish import identity
from datahall.sandbox.redfish.machines import Hosts, Imagined
from datahall.sandbox.redfish.server import Controller, serve
from datahall.sandbox.redfish.systems import Systems


def main() -> int:
    """Serve; 0 when ended."""
    args = _parser().parse_args()
    made = identity.make(args.folder.resolve())
    machines = Hosts(args.hosts.resolve()) if args.hosts else Imagined(args.system)
    username, password = made.account()
    controller = Controller(Systems(machines), username, password)
    server = serve(controller, made.certificate, made.key, args.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    told = {
        "url": f"https://127.0.0.1:{server.server_address[1]}",
        "ca": str(made.certificate),
        "credentials": str(made.credentials),
    }
    print(json.dumps(told), flush=True)
    server.serve_forever(poll_interval=0.1)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m datahall.sandbox.redfish", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for certificate, key and account")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; a free one by default")
    behind = parser.add_mutually_exclusive_group(required=True)
    behind.add_argument("--hosts", type=Path, help="the folder of emulated hosts")
    behind.add_argument("--system", action="append", help="a system with imagined power; may be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
