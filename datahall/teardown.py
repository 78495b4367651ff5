"""Taking an environment down, and proving that nothing is left.

Each step looks at what is there, so that a run after an interruption goes on where the other ended.
"""

import shutil
from pathlib import Path
from typing import Any

from datahall import embedded, emulated, lock, official, ports, processes, provision
from datahall.context import Context
from datahall.errors import UserError
from datahall.sandbox.aws import control


def down(context: Context, *, yes: bool, parallel: int) -> dict[str, Any]:
    """Take everything down; ``left`` in the result names what could not be."""
    if not context.environment.sandboxed:
        official.destroy(context.request(yes=yes, parallel=parallel))
        return {"destroyed": True, "left": []}
    if not _anything(context):
        context.output.say(f"{context.environment.name} is not up: nothing to take down")
        return {"destroyed": False, "left": []}
    if context.environment.hosts:
        emulated.check(context.home)
    with lock.hold(context.home, f"datahall down {context.environment.name}"):
        provision.check_state(context)
        stopped = _stop_services(context)
        destroyed = _destroy(context, parallel)
        if context.environment.hosts:
            emulated.down(context)
        left = _inventory(context)
        if left:
            _complain(context, left)
            return {"destroyed": destroyed, "left": left}
        ended = _stop_aws(context)
        left = _prove(context, [*stopped, *ended])
        _remove_files(context)
    return {"destroyed": destroyed, "left": left}


def _anything(context: Context) -> bool:
    home, name = context.home, context.environment.name
    return bool(
        context.state_file.exists()
        or context.aws.exists()
        or home.site(name).exists()
        or processes.services(home.services, name)
        or (context.environment.hosts and emulated.folder(home).exists())
    )


def _stop_services(context: Context) -> list[tuple[str, int, int]]:
    """Stop each service; returns name, pid and port of each."""
    stopped = []
    for service in processes.services(context.home.services, context.environment.name):
        with context.output.stage("service") as stage:
            ran = processes.stop(service, context.home.services)
            stage.summary = f"{service.name}, pid {service.pid}: {'stopped' if ran else 'had ended before'}"
        stopped.append((service.name, service.pid, service.port))
    return stopped


def _destroy(context: Context, parallel: int) -> bool:
    """Destroy the stack, if there is one."""
    if not context.state_file.exists():
        return False
    server = provision.start_aws(context)
    request = context.request(endpoint=server.url, parallel=parallel)
    if context.engine == "pulumi":
        official.destroy(request)
        # By the embedded engine: the official one would delete the settings file together with the stack.
        embedded.remove(request)
    else:
        embedded.destroy(request, context.output)
    return True


def _inventory(context: Context) -> list[str]:
    """What is left in the emulated AWS. Keys that wait for their deletion are AWS's way of deleting keys."""
    if not context.aws.exists():
        return []
    with context.output.stage("inventory") as stage:
        found = control.inventory(provision.start_aws(context).url)
        left = [f"{item.service} {item.type} {item.id}" for item in found if item.left]
        waiting = len(found) - len(left)
        keys = f"; {waiting} KMS keys wait for their deletion, as on AWS" if waiting else ""
        stage.summary = f"{len(left) or 'no'} resources are left in the emulated AWS{keys}"
    return left


def _complain(context: Context, left: list[str]) -> None:
    for item in left:
        context.output.say(f"  left: {item}")
    fix = f"delete them, or drop the whole emulated AWS: rm -r {context.aws}"
    context.output.say(f"[red]Not down:[/] {len(left)} resources are not the stack's; {fix}")


def _stop_aws(context: Context) -> list[tuple[str, int, int]]:
    server = control.running(context.aws)
    if server is None:
        return []
    with context.output.stage("emulated AWS") as stage:
        control.stop(context.aws)
        stage.summary = f"pid {server.pid}: stopped"
    return [("emulated AWS", server.pid, server.port)]


def _prove(context: Context, ended: list[tuple[str, int, int]]) -> list[str]:
    """That neither a process nor a port of ours is left."""
    with context.output.stage("proof") as stage:
        alive = [f"{name}: process {pid}" for name, pid, _ in ended if not processes.gone(pid)]
        taken = [f"{name}: port {port}" for name, _, port in ended if not ports.is_free(port)]
        said = ", ".join(f"pid {pid} and port {port}" for _, pid, port in ended)
        stage.summary = "; ".join([*alive, *taken]) or (f"gone: {said}" if said else "no process was running")
    return [*alive, *taken]


def _remove_files(context: Context) -> None:
    home, name = context.home, context.environment.name
    with context.output.stage("files") as stage:
        for path in (context.aws, home.root / "pulumi"):
            _remove(path)
        home.site(name).unlink(missing_ok=True)
        home.request(name).unlink(missing_ok=True)
        for log in home.logs.glob(f"{name}-*"):
            log.unlink()
        if not any((home.state / ".pulumi" / "stacks").rglob("*.json")):
            # The passphrase opens nothing any more.
            _remove(home.state)
            home.passphrase.unlink(missing_ok=True)
        for folder in (home.services, home.outputs, home.logs):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        (home.root / "lock").unlink(missing_ok=True)
        kept = sorted(path.name for path in home.root.iterdir())
        if not kept:
            home.root.rmdir()
        stage.summary = f"{home.root} keeps {', '.join(kept)}" if kept else f"{home.root} is removed"


def _remove(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(
            "home", str(path), f"cannot be removed ({error.strerror})", "mend that, and again"
        ) from None
