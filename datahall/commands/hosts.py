"""``datahall hosts``: emulated hosts, one by one."""

import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import App, Parameter

from datahall import emulated, paths
from datahall.commands import _options as options
from datahall.output import Output
from datahall.sandbox.hosts import Host, api, mirror, needs
from datahall.sandbox.hosts.model import WORKERS

app = App(
    name="hosts",
    help="Emulated hosts: Debian with systemd and ssh on a network of their own (Linux, root).",
    help_epilogue="""Examples:
  datahall hosts up --workers 3
  datahall hosts ssh head-1 sinfo
  datahall hosts fail worker-1 ecc --gpu 3""",
    sort_key=98,
    version_flags=[],
)

Name = Annotated[str, Parameter(help="The host: head-1, worker-N or service-1.")]
Folder = Annotated[
    Path | None,
    Parameter(help="Where the hosts are kept (default: hosts in DATAHALL_HOME).", show_default=False),
]


@app.command
def up(*, workers: int = WORKERS, folder: Folder = None, json: options.Json = False) -> int:
    """Bring blank hosts up, making what is missing; hosts that run are not touched.

    Parameters
    ----------
    workers:
        How many workers, beside one head and one service host.
    """
    output = Output(as_json=json)
    with emulated.told(), output.stage("emulated hosts") as stage:
        made = api.up(_at(folder), mirror.packages_of(emulated.ROLES), workers=workers, tell=stage.line)
        stage.summary = f"{len(made)} run"
    return _show(output, made)


@app.command(name="list")
def list_(*, folder: Folder = None, json: options.Json = False) -> int:
    """List the hosts as they are now."""
    with emulated.told():
        return _show(Output(as_json=json), api.hosts(_at(folder)))


@app.command
def ssh(
    host: Name,
    /,
    *command: Annotated[
        str, Parameter(help="What to run; a shell without it.", allow_leading_hyphen=True, show_default=False)
    ],
    folder: Folder = None,
) -> NoReturn:
    """Log in to a host, or run a command on it; options of ours stand before the host."""
    with emulated.told():
        argv = api.ssh(_at(folder), host, command)
    os.execvp("ssh", argv)  # noqa: S606 - ssh takes our place


@app.command
def stop(host: Name, /, *, folder: Folder = None, json: options.Json = False) -> int:
    """Shut a host down in order."""
    with emulated.told():
        return _show(Output(as_json=json), [api.stop(_at(folder), host)])


@app.command
def start(host: Name, /, *, folder: Folder = None, json: options.Json = False) -> int:
    """Put a host on that is off; its files are as it left them."""
    with emulated.told():
        return _show(Output(as_json=json), [api.start(_at(folder), host)])


@app.command
def cycle(host: Name, /, *, folder: Folder = None, json: options.Json = False) -> int:
    """Cut a host's power and put it on again."""
    with emulated.told():
        return _show(Output(as_json=json), [api.cycle(_at(folder), host)])


@app.command
def reset(host: Name, /, *, folder: Folder = None, json: options.Json = False) -> int:
    """Put a blank host of the same name and address in a host's place."""
    with emulated.told():
        return _show(Output(as_json=json), [api.reset(_at(folder), host)])


@app.command
def fail(
    host: Name,
    kind: Annotated[
        str, Parameter(help="power, or of a GPU: ecc, hang, link, lost, thermal, xid.")
    ] = "power",
    /,
    *,
    gpu: Annotated[int, Parameter(help="Which of its GPUs, from 0.")] = 0,
    folder: Folder = None,
    json: options.Json = False,
) -> int:
    """Cut a host's power, or let one of its emulated GPUs fail."""
    with emulated.told():
        return _show(Output(as_json=json), [api.fail(_at(folder), host, kind, gpu=gpu)])


@app.command
def rm(host: Name, /, *, folder: Folder = None, json: options.Json = False) -> int:
    """Take a host away, with its files."""
    with emulated.told():
        api.remove(_at(folder), host)
        return _show(Output(as_json=json), api.hosts(_at(folder)))


@app.command
def down(*, folder: Folder = None, json: options.Json = False) -> int:
    """Take all hosts away and prove that nothing is left: mounts, bridges, processes."""
    output = Output(as_json=json)
    with emulated.told(), output.stage("emulated hosts") as stage:
        were = len(api.hosts(_at(folder)))
        api.down(_at(folder))
        stage.summary = f"{were} taken away, nothing is left" if were else "there are none"
    output.result({"hosts": []})
    return 0


@app.command(name="needs")
def needs_() -> int:
    """Name the Debian packages that this machine still needs for them."""
    print(" ".join(needs.missing()))
    return 0


def _at(folder: Path | None) -> Path:
    return folder or emulated.folder(paths.home())


def _show(output: Output, hosts: Iterable[Host]) -> int:
    seen = list(hosts)
    output.result({"hosts": [{**asdict(host), "emulated": True} for host in seen]})
    if not output.as_json:
        for host in seen:
            size = f"{host.memory / 2**20:.0f} MiB" if host.memory else "-"
            output.say(f"{host.name:<12} {host.role:<8} {host.address!s:<15} {host.power:<8} {size} emulated")
        if not seen:
            output.say("no hosts; bring them up: datahall hosts up")
    return 0
