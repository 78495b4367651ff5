"""``python -m datahall.redfish state|on|off|cycle|pxe|install --bmc URL``: repair.yml's buttons."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from datahall.redfish.client import Bmc, connect
from datahall.redfish.credentials import read_credentials
from datahall.redfish.errors import RedfishFailedError, RedfishUsageError

_COMMANDS = {
    "state": "print On or Off",
    "on": "put it on",
    "off": "put it off, in order",
    "cycle": "off and on again",
    "pxe": "have the next boot come from the network",
    "install": "pxe, then cycle",
}


def main() -> int:
    """Parse and do; 2 is the user's mistake, 1 anything else that went wrong."""
    args = _parser().parse_args()
    try:
        credentials = read_credentials(args.credentials, os.environ)
        with connect(args.bmc, credentials, ca=args.ca, system=args.system, patience_s=args.timeout) as bmc:
            _do(bmc, args.command, force=args.force)
    except RedfishUsageError as error:
        print(f"redfish: {error}", file=sys.stderr)
        return 2
    except RedfishFailedError as error:
        print(f"redfish: {error}", file=sys.stderr)
        return 1
    return 0


def _do(bmc: Bmc, command: str, *, force: bool) -> None:
    if force and command != "off":
        raise RedfishUsageError("--force", command, "is for off only", "leave it out")
    match command:
        case "on":
            bmc.on()
        case "off":
            bmc.off(force=force)
        case "cycle":
            bmc.cycle()
        case "pxe":
            bmc.boot_once_from_pxe()
        case "install":
            bmc.boot_once_from_pxe()
            bmc.cycle()
    print(bmc.power())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m datahall.redfish", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in _COMMANDS.items():
        command = commands.add_parser(name, help=about)
        command.add_argument("--bmc", required=True, help="the controller, https://HOST")
        command.add_argument("--system", default="", help="the system's Id, where there are several")
        command.add_argument("--credentials", type=Path, help="JSON with username and password, mode 600")
        command.add_argument("--ca", type=Path, help="PEM file that the controller's certificate is of")
        command.add_argument("--force", action="store_true", help="off: cut the power")
        command.add_argument("--timeout", type=float, default=300, help="seconds that a change may take")
    return parser


if __name__ == "__main__":
    sys.exit(main())
