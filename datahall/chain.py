"""The main job: an emulated AWS, a reviewed stack on it, data, a trained model, a service, an answer."""

from dataclasses import asdict
from typing import Any

from datahall import asking, bill, closing, lock, metal, programs, provision, registry, service, site
from datahall.context import Context
from datahall.errors import OperationError, UserError
from datahall.wishes import Wishes

DATA = "digits"
MODEL = "mnist"


def up(context: Context, wishes: Wishes) -> dict[str, Any]:
    """Bring an environment up; returns the result for ``--json``."""
    region = provision.check_settings(context)
    if wishes.workers is not None and not context.environment.hosts:
        rule = f"{context.environment.name} has no emulated hosts"
        raise UserError("--workers", str(wishes.workers), rule, "leave it out, or: datahall up metal")
    if not context.environment.sandboxed:
        return _real(context, wishes, region)
    if context.environment.hosts:
        return metal.up(context, wishes, region)
    with lock.hold(context.home, f"datahall up {context.environment.name}"):
        port = service.choose_port(context.home, context.environment.name, MODEL, wishes.port)
        provision.check_state(context)
        return _sandboxed(context, wishes, region, port)


def _real(context: Context, wishes: Wishes, region: str) -> dict[str, Any]:
    if wishes.port is not None:
        rule = f"no service is started in {context.environment.name}"
        raise UserError(
            "--port", str(wishes.port), rule, f"leave it out, or: datahall serve {MODEL} --env ENV"
        )
    outcome = provision.apply(context, wishes.request(context, region, None))
    return {**context.named(), **outcome.as_json()}


def _sandboxed(context: Context, wishes: Wishes, region: str, port: int) -> dict[str, Any]:
    output = context.output
    server = provision.show_aws(context)
    provision.check_emulator(context, server.url)
    request = wishes.request(context, region, server.url)
    outcome = provision.settle(context, request, brief=not wishes.diff)
    stack = provision.recorded(context)
    outputs = stack.outputs
    found = site.write(context, outputs, server.url)
    data = programs.publish(found, output, DATA)
    trained = programs.train(found, output, MODEL)
    version = _promoted(found, context, trained)
    running, _ = service.ensure(found, context.home, output, model=MODEL, version=version, port=port)
    answer = asking.ask(context, found, running, data=DATA)
    cost = bill.of(stack)
    closing.show(context, outputs, server, running, cost)
    return {
        **context.named(),
        **outcome.as_json(),
        "aws_endpoint": server.url,
        "outputs": outputs,
        "data": {key: data[key] for key in ("name", "version", "records")},
        "model": {"name": MODEL, "version": version, "trained": not trained.skipped},
        "service": asdict(running),
        "answer": answer,
        "monthly_cost": bill.as_json(cost),
    }


def _promoted(found: site.Site, context: Context, trained: programs.Trained) -> str:
    """The version to serve: a new one is put to the gate; an old one leaves production as it is."""
    version = registry.in_production(found, MODEL)
    if version is None or not trained.skipped:
        registry.promote(found, context.output, MODEL, trained.version)
        version = registry.in_production(found, MODEL)
    if version is None:
        raise OperationError(
            f"{MODEL} has no version in production; see datahall models show {MODEL} {trained.version}"
        )
    return version
