"""``python -m datahall.sandbox.hosts needs|up|list|ssh|stop|start|cycle|reset|fail|rm|inventory|down``."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from datahall.sandbox.hosts import Host, HostsFailedError, HostsUsageError, api, mirror, needs

_ROLES = Path(__file__).resolve().parents[3] / "playbooks" / "roles"


def main() -> int:
    """Parse and do; 2 is the user's mistake, 130 an interrupt, 1 anything else that went wrong."""
    args = _parser().parse_args()
    try:
        return _do(args, args.folder)
    except HostsUsageError as error:
        print(f"hosts: {error}", file=sys.stderr)
        return 2
    except HostsFailedError as error:
        print(f"hosts: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _do(args: argparse.Namespace, folder: Path) -> int:
    match args.command:
        case "up":
            tell = lambda text: print(f"hosts: {text}", file=sys.stderr)  # noqa: E731 - used once, here
            _show(
                api.up(folder, mirror.packages_of(_ROLES), workers=args.workers, tell=tell), as_json=args.json
            )
        case "list":
            _show(api.hosts(folder), as_json=args.json)
        case "ssh":
            os.execvp("ssh", api.ssh(folder, args.host, args.argv))  # noqa: S606 - ssh takes our place
        case "stop":
            _show([api.stop(folder, args.host)], as_json=args.json)
        case "start":
            _show([api.start(folder, args.host)], as_json=args.json)
        case "cycle":
            _show([api.cycle(folder, args.host)], as_json=args.json)
        case "reset":
            _show([api.reset(folder, args.host)], as_json=args.json)
        case "fail":
            _show([api.fail(folder, args.host, args.kind, gpu=args.gpu)], as_json=args.json)
        case "rm":
            api.remove(folder, args.host)
        case "needs":
            print(" ".join(needs.missing()))
        case "inventory":
            print(json.dumps(api.inventory(folder), indent=1))
        case "down":
            api.down(folder)
    return 0


def _show(hosts: list[Host], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(host) for host in hosts], default=str))
        return
    for host in hosts:
        size = f"{host.memory / 2**20:.0f} MiB" if host.memory else ""
        print(f"{host.name:<12} {host.role:<8} {host.address!s:<15} {host.power:<8} {size} emulated".rstrip())


def _parser() -> argparse.ArgumentParser:
    home = Path(os.environ.get("DATAHALL_HOME", ".datahall"))
    parser = argparse.ArgumentParser(prog="python -m datahall.sandbox.hosts", description=__doc__)
    parser.add_argument("--folder", type=Path, default=home / "hosts", help="where the hosts are kept")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up").add_argument("--workers", type=int, default=2)
    for command in ("needs", "list", "inventory", "down"):
        commands.add_parser(command)
    for command in ("ssh", "stop", "start", "cycle", "reset", "fail", "rm"):
        commands.add_parser(command).add_argument("host")
    commands.choices["ssh"].add_argument("argv", nargs=argparse.REMAINDER)
    commands.choices["fail"].add_argument("kind", nargs="?", default="power")
    commands.choices["fail"].add_argument("--gpu", type=int, default=0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
