"""A model's service: one detached process that serves the production version over HTTP."""

import sys
import time
from itertools import count
from pathlib import Path

from datahall import loopback, ports, processes
from datahall.errors import OperationError
from datahall.output import Output
from datahall.paths import Home
from datahall.processes import Service
from datahall.site import Site

DEFAULT_PORT = 5000
_READY_WITHIN_S = 60
_LAST_WORDS = 15


def recorded(home: Home, environment: str, model: str) -> Service | None:
    """The service that was started for a model, dead or alive."""
    found = (service for service in processes.services(home.services, environment) if service.name == model)
    return next(found, None)


def choose_port(home: Home, environment: str, model: str, asked: int | None) -> int:
    """The port to serve on: the one asked for, else the service's own, else 5000.

    Where another model of the environment has 5000 it is the next that none has.

    Raises:
        UserError: another program has it.
    """
    service = recorded(home, environment, model)
    others = {each.port for each in processes.services(home.services, environment)}
    default = next(port for port in count(DEFAULT_PORT) if port not in others)
    port = asked if asked is not None else service.port if service else default
    ours = service is not None and service.port == port and processes.alive(service)
    if not ours:
        ports.require_free(port)
    return port


def ready(service: Service) -> bool:
    """Whether it is there and says that it can answer."""
    return processes.alive(service) and _status(service) == 200


def _status(service: Service) -> int | None:
    return loopback.get_status(f"{service.url}/health/ready", ca=service.ca)


def ensure(
    site: Site, home: Home, output: Output, *, model: str, version: str, port: int
) -> tuple[Service, bool]:
    """Have ``version`` of a model served on ``port``; returns the service, and whether it was started now."""
    with output.stage("serve") as stage:
        service = recorded(home, site.environment, model)
        fits = service is not None and service.port == port and service.model_version == version
        if service and fits and processes.alive(service):
            started = False
        else:
            if service:
                processes.stop(service, home.services)
            ports.require_free(port)
            service = _launch(site, home, model=model, version=version, port=port)
            started = True
        _wait(service)
        stage.summary = f"{service.url}, pid {service.pid}{'' if started else ', running'}"
    return service, started


def _launch(site: Site, home: Home, *, model: str, version: str, port: int) -> Service:
    command = [sys.executable, "-m", "workloads.serving", model, "--site", str(site.file)]
    return processes.launch(
        [*command, "--host", ports.LOOPBACK, "--port", str(port)],
        name=model,
        environment=site.environment,
        port=port,
        model_version=version,
        variables=site.variables,
        log=home.logs / f"{site.environment}-serve-{model}.log",
        folder=home.services,
    )


def _wait(service: Service) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not ready(service):
        if not processes.alive(service):
            raise OperationError(
                f"the service {service.name} ended; the end of its log {service.log}:\n{_tail(service)}"
            )
        if time.monotonic() > deadline:
            raise OperationError(
                f"the service {service.name} was not ready in {_READY_WITHIN_S} s; see {service.log}"
            )
        time.sleep(0.1)


def _tail(service: Service) -> str:
    lines = Path(service.log).read_text(errors="replace").splitlines()[-_LAST_WORDS:]
    return "\n".join(f"  {line}" for line in lines)
