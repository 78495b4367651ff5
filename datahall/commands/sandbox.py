"""``datahall sandbox``: an emulated AWS of your own, for any project, tool or script."""

import os
import shlex
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from datahall import emulated_aws, paths
from datahall.commands import _options as options
from datahall.errors import UserError
from datahall.output import Output
from datahall.sandbox.aws import control

app = App(
    name="sandbox",
    help="An emulated AWS on this machine, beside those of the environments.",
    help_epilogue="""Examples:
  datahall sandbox start
  eval "$(datahall sandbox env)"
  datahall engine up -C DIR -s dev --plugin-path "$DATAHALL_PLUGINS" --yes
  datahall sandbox list""",
    sort_key=98,
    version_flags=[],
)

Folder = Annotated[
    Path | None,
    Parameter(help="Where it is kept (default: sandbox in DATAHALL_HOME).", show_default=False),
]
Region = Annotated[str, Parameter(help="The region that clients take unless they name one.")]


@app.command
def start(*, port: int = 0, folder: Folder = None, json: options.Json = False) -> int:
    """Start it, or say where it runs; what was in it is there again.

    Parameters
    ----------
    port:
        The port on 127.0.0.1; 0 is the last one, or any that is free.
    """
    output = Output(as_json=json)
    with emulated_aws.told(), output.stage("emulated AWS") as stage:
        server = control.start(_at(folder), port=port)
        stage.summary = f"{server.url}, pid {server.pid}"
    output.result({"url": server.url, "pid": server.pid, "folder": str(server.folder)})
    return 0


@app.command
def env(*, region: Region = control.DEFAULT_REGION, folder: Folder = None, json: options.Json = False) -> int:
    """Print the variables by which AWS clients and both engines reach it, for a shell to eval."""
    with emulated_aws.told():
        variables = control.environment(_running(folder).url, region=region)
    plugins = str(control.PLUGIN_PATH)
    variables |= {"DATAHALL_PLUGINS": plugins, "PATH": f"{plugins}{os.pathsep}{os.environ.get('PATH', '')}"}
    output = Output(as_json=json)
    if json:
        output.result(variables)
        return 0
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


@app.command(name="list")
def list_(*, folder: Folder = None, json: options.Json = False) -> int:
    """List what is in it, beyond what a new account has."""
    output = Output(as_json=json)
    with emulated_aws.told():
        found = control.inventory(_running(folder).url)
    for each in found:
        output.say(f"{each.type}  {each.id}  {each.region}{'' if each.left else '  (to be deleted)'}")
    output.result({"resources": [asdict(each) for each in found]})
    return 0


@app.command
def stop(*, folder: Folder = None, json: options.Json = False) -> int:
    """Stop it; what is in it stays for the next start."""
    return _end(folder, Output(as_json=json), erase=False)


@app.command
def rm(*, folder: Folder = None, json: options.Json = False) -> int:
    """Stop it and take it away with all that is in it."""
    return _end(folder, Output(as_json=json), erase=True)


def _end(folder: Path | None, output: Output, *, erase: bool) -> int:
    at = _at(folder)
    with emulated_aws.told(), output.stage("emulated AWS") as stage:
        server = control.running(at)
        if erase and at.exists() and not (at / "start.lock").exists():
            raise UserError("--folder", str(at), "holds no emulated AWS", "name the folder of one")
        control.stop(at)
        if erase and at.exists():
            shutil.rmtree(at)
        stage.summary = f"pid {server.pid}: stopped" if server else "none ran"
    output.result({"stopped": server.pid if server else None, "erased": erase})
    return 0


def _at(folder: Path | None) -> Path:
    return folder or paths.home().root / "sandbox"


def _running(folder: Path | None) -> control.Server:
    server = control.running(_at(folder))
    if server is None:
        raise UserError("sandbox", "not running", "there must be one", "start it: datahall sandbox start")
    return server
