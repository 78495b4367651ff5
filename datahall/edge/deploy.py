"""``datahall serve`` where there are emulated hosts: the workers serve a model, HAProxy with TLS before them.

It is the stack that serves: the hosts' inventory says what, and the pool is converged to it.
"""

import sys
import time
from dataclasses import replace
from typing import Any

from datahall import asking, emulated, ports, processes, provision, registry, service, site
from datahall.context import Context
from datahall.edge import files, inventory
from datahall.errors import OperationError, UserError
from datahall.loopback import get_json
from datahall.processes import Service, write_atomically
from datahall.sandbox.hosts import Host, Power, Role, api, needs
from datahall.site import Site
from datahall.slurm.cluster import Cluster
from datahall.wishes import Wishes
from workloads.models.table import MODELS

_READY_WITHIN_S = 60
_IMAGES = ("digits", "mnist")
"""The data sets of which a record can be shown and asked for."""


def serve(context: Context, found: Site, model: str, port: int | None) -> dict[str, Any]:
    """Have a model's production version served by the hosts; returns the result for ``--json``.

    Whatever was served before gives way to it.

    Raises:
        UserError: such a model is not served, nothing is in production, a host is off, the port is taken.
        OperationError: a host is not converged, or the edge does not answer.
    """
    _check(model)
    region = provision.check_settings(context)
    there = _running(context)
    chosen = _port(context, port)
    version = registry.require_production(found, model)
    running, started = _way(context, there, model=model, version=version, port=chosen)
    hosts = emulated.folder(context.home)
    with emulated.told():
        api.assign(hosts, inventory.groups(hosts, found, model=model, version=version))
    outcome = _converge(context, region, found)
    with context.output.stage("serve") as stage:
        _trust(context, there, running)
        _wait(running)
        workers = ", ".join(host.name for host in there if host.role is Role.WORKER)
        stage.summary = f"{running.url}, by {workers} behind {_edge(there).name}"
    token = files.token(hosts).read_text().strip()
    _meant(running, token)
    image = MODELS[model].dataset in _IMAGES
    answer = asking.ask(context, found, running, data=MODELS[model].dataset, token=token) if image else None
    _show(context, running, image=image)
    return {
        **context.named(),
        "started": started,
        "service": {**vars(running), "token_file": str(files.token(hosts))},
        "changes": outcome["changes"],
        "answer": answer,
    }


def _check(model: str) -> None:
    served = sorted(name for name, spec in MODELS.items() if spec.served)
    if model not in served:
        rule = f"must be one that is served over HTTP: {', '.join(served)}"
        raise UserError("model", model, rule, "serve one of those")


def ensure_way(context: Context) -> None:
    """Have the way that is recorded lead again, where a model is served and the process has ended."""
    for recorded in processes.services(context.home.services, context.environment.name):
        name, version = recorded.name, recorded.model_version
        _way(context, _running(context), model=name, version=version, port=recorded.port)


def _running(context: Context) -> list[Host]:
    with emulated.told():
        needs.require()
        seen = api.hosts(emulated.folder(context.home))
    off = [host.name for host in seen if host.power is not Power.RUNNING]
    if off or not seen:
        fix = f"put them on: datahall up {context.environment.name}"
        raise UserError("hosts", ", ".join(off) or "none", "a model is served by hosts that run", fix)
    return seen


def _port(context: Context, asked: int | None) -> int:
    """As asked for, else as before, whichever model that was."""
    before = next(iter(processes.services(context.home.services, context.environment.name)), None)
    port = asked if asked is not None else before.port if before else service.DEFAULT_PORT
    if before is None or before.port != port or not processes.alive(before):
        ports.require_free(port)
    return port


def _edge(there: list[Host]) -> Host:
    return next(host for host in there if host.role is Role.SERVICE)


def _way(context: Context, there: list[Host], *, model: str, version: str, port: int) -> tuple[Service, bool]:
    """The process that leads to the edge, and from the hosts to the storage; whether it was started now."""
    home, name = context.home, context.environment.name
    for recorded in processes.services(home.services, name):
        if (recorded.name, recorded.port) == (model, port) and processes.alive(recorded):
            if recorded.model_version == version:
                return recorded, False
            return processes.keep(replace(recorded, model_version=version), home.services), False
        processes.stop(recorded, home.services)
    ports.require_free(port)
    hosts = emulated.folder(home)
    command = [sys.executable, "-m", "datahall.edge.way", "--hosts", str(hosts), "--aws", str(context.aws)]
    started = processes.launch(
        [*command, "--port", str(port), "--edge", f"{_edge(there).address}:{inventory.PORT}"],
        name=model,
        environment=name,
        port=port,
        model_version=version,
        variables={},
        log=home.logs / f"{name}-serve-{model}.log",
        folder=home.services,
        ca=files.certificate(hosts),
    )
    return started, True


def _converge(context: Context, region: str, found: Site) -> dict[str, Any]:
    """Apply the stack, whose pool has another inventory now, if it has."""
    wishes = Wishes(yes=True, diff=False, parallel=16, expect_no_changes=False, port=None, workers=None)
    endpoint = found.variables["AWS_ENDPOINT_URL"]
    with emulated.inventory(context) as file:
        outcome = provision.settle(context, wishes.request(context, region, endpoint, file), brief=True)
    site.write(context, provision.recorded(context).outputs, endpoint)
    return outcome.as_json()


def _trust(context: Context, there: list[Host], running: Service) -> None:
    """Fetch the certificate over ssh, which knows the host by its key."""
    edge = _edge(there).name
    shown = Cluster(emulated.folder(context.home), edge, ()).ask("sudo openssl x509 -in /etc/edge/edge.pem")
    write_atomically(files.certificate(emulated.folder(context.home)), shown)


def _wait(running: Service) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not service.ready(running):
        if not processes.alive(running) or time.monotonic() > deadline:
            raise OperationError(
                f"{running.url} is not ready within {_READY_WITHIN_S} s by the certificate in {running.ca}; "
                f"see {running.log}, and: datahall hosts ssh worker-1 journalctl --unit model-server"
            )
        time.sleep(0.2)


def _meant(running: Service, token: str) -> None:
    """Ask which version answers."""
    try:
        said = get_json(f"{running.url}/v1/models/{running.name}", ca=running.ca, token=token)
    except OSError as error:
        raise OperationError(f"the service {running.name} did not answer: {error}") from None
    if said["version"] != running.model_version:
        raise OperationError(f"{running.url} serves {said['version']}, and {running.model_version} is meant")


def _show(context: Context, running: Service, *, image: bool) -> None:
    say, hosts = context.output.say, emulated.folder(context.home)
    say("Call it; the header's file holds the token")
    call = f"  curl --cacert {running.ca} -H @{files.header(hosts)}"
    if not image:
        say(f"{call} {running.url}/v1/models/{running.name}")
        return
    request = context.home.request(context.environment.name)
    say(f"{call} -H 'Content-Type: application/json' -d @{request} {running.url}/predict")
