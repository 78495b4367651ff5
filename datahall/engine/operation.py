"""An operation's surroundings: the stack's state, secrets, configuration, plugins, packs and server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datahall.engine import config as configs
from datahall.engine.analyzer import Analyzers, RunFacts
from datahall.engine.backend import StackFiles
from datahall.engine.builtin import PACKAGE, Builtin
from datahall.engine.checkpoint import Checkpoint, read_checkpoint, render
from datahall.engine.config import Config
from datahall.engine.deployment import Deployment, Stopped, split
from datahall.engine.engine_service import EngineService
from datahall.engine.errors import EngineError, InvalidProject
from datahall.engine.eventlog import EventLog
from datahall.engine.interrupted import Interrupted
from datahall.engine.interrupts import FIRST, LAST, SECOND, Interrupts
from datahall.engine.limits import read_limits
from datahall.engine.lock import Held, locked
from datahall.engine.masking import Mask
from datahall.engine.options import Options
from datahall.engine.patience import Patience
from datahall.engine.plan import ResourcePlan
from datahall.engine.plan_file import read_plan
from datahall.engine.plugin_request import read_request
from datahall.engine.project import Project
from datahall.engine.recorder import Recorder
from datahall.engine.references import References
from datahall.engine.registry import Registry
from datahall.engine.secrets import Crypter
from datahall.engine.server import serving
from datahall.engine.snapshot import Snapshot
from datahall.engine.stack_options import passphrase, stack_files
from datahall.engine.state import ResourceState, decode_state
from datahall.engine.targets import Targets
from datahall.engine.urn import is_provider, package_of
from datahall.engine.virtualenv import VirtualEnv, virtualenv_of

_CUT_SHORT = (
    " (the stack's file and its state have a key each; where a change of the passphrase was cut short: "
    "run stack change-secrets-provider again)"
)


@dataclass(frozen=True)
class Opened:
    """A stack as an operation finds it; without a salt it is a new one."""

    project: Project
    stack: str
    files: StackFiles
    checkpoint: Checkpoint
    crypter: Crypter
    decrypt: Callable[[str], str]
    config: Config
    salt: str | None

    def without_records(self) -> Opened:
        """The same without the JSON of all resources, which are decoded by then: it is large."""
        return replace(self, checkpoint=replace(self.checkpoint, resources=[], pending=[], latest={}))


@dataclass(frozen=True)
class Running:
    """An operation under way."""

    opened: Opened
    deployment: Deployment
    service: EngineService
    interrupted: list[Interrupted]
    interrupts: Interrupts
    message: str
    virtualenv: VirtualEnv | None


def open_stack(project: Project, stack: str, options: Options) -> Opened:
    """Read a stack's state and configuration. Raises EngineError; changes nothing."""
    files = stack_files(project, stack, options)
    phrase = passphrase(options)
    checkpoint = read_checkpoint(files)
    stack_file = configs.read_stack_file(project, stack)
    parted = bool(checkpoint.salt_state) and stack_file.salt_state not in (None, checkpoint.salt_state)
    advice = _CUT_SHORT if parted else ""
    crypter = Crypter(phrase, stack_file.salt_state or checkpoint.salt_state, advice=advice)
    decrypt = crypter.decrypt
    if parted:  # the next write uses the file's salt
        decrypt = Crypter(phrase, checkpoint.salt_state, advice=advice).decrypt
    if options.config is not None:
        config = configs.given_config(options.config)
    else:
        config = configs.resolve_config(project, stack_file, crypter.decrypt)
    salt = stack_file.salt_state or checkpoint.salt_state
    return Opened(project, stack, files, checkpoint, crypter, decrypt, config, salt)


@contextmanager
def running(
    project: Project,
    stack: str,
    options: Options,
    *,
    dry_run: bool,
    packs: bool = True,
    program: bool = False,
) -> Iterator[Running]:
    """Everything an operation needs, taken down at the end. An update holds the stack's lock.

    `program`: it runs the program, whose virtual environment must be one that can be used.
    """
    limits = read_limits(options)
    virtualenv = _virtualenv(project, options, needed=program)
    events = EventLog(options.on_event)
    files = stack_files(project, stack, options)
    interrupts = Interrupts()
    with ExitStack() as cleanup:
        cleanup.enter_context(interrupts.handled())  # to the very end: taking down may hang, too
        lock: Held | None = None
        if not dry_run:
            files.backend.prepare()
            lock = cleanup.enter_context(locked(files, lambda text: events.say("warning", text)))
        opened = open_stack(project, stack, options)
        events.mask = Mask(opened.config.secrets)
        cleanup.enter_context(events.mask.raising())
        plan = _plan(opened, options)
        expected = _expected_packages(opened)
        recorded, interrupted = _decoded(opened)
        opened = opened.without_records()
        service = EngineService(events)
        dealt_with: dict[str, ResourceState] = {}
        references = References(files.backend, project.name, lambda: passphrase(options))
        builtin = Builtin(references, dealt_with.get)
        port = cleanup.enter_context(serving(service, builtin, workers=8))
        address = f"127.0.0.1:{port}"
        patience = Patience(limits, lambda text: events.say("warning", text))
        cleanup.callback(patience.close)
        registry = Registry(
            folders=[folder.resolve() for folder in options.plugin_path],
            attach={**options.attach, PACKAGE: port},
            environment={**options.environment, "PULUMI_PROJECT": project.name},
            engine_address=address,
            pool=options.pool,
            program_folder=program_folder(project),
            warn=lambda text: events.say("warning", text),
            named=project.plugins,
            patience=patience,
            virtualenv=virtualenv,
        )
        cleanup.callback(registry.close)
        interrupts.at(SECOND, registry.abort)
        registry.start_early(expected)
        facts = RunFacts(
            project.name, stack, dry_run, opened.config, address, options.environment, limits.pack
        )
        analyzers = Analyzers(options.policy_packs if packs else (), facts)
        cleanup.callback(analyzers.close)
        interrupts.at(SECOND, analyzers.abort)
        deployment = _deployment(
            opened,
            options,
            recorded,
            interrupted,
            events=events,
            registry=registry,
            analyzers=analyzers,
            lock=lock,
            news=dealt_with,
            plan=plan,
        )
        _obey(interrupts, deployment, lock, options)
        try:
            yield Running(opened, deployment, service, interrupted, interrupts, options.message, virtualenv)
        except (EngineError, Stopped):
            if interrupts.count:
                raise KeyboardInterrupt from None
            raise


def _virtualenv(project: Project, options: Options, *, needed: bool) -> VirtualEnv | None:
    """That of the project's own program; where none is run, it is there for dynamic providers, if it can."""
    if options.program is not None:
        return None
    try:
        return virtualenv_of(project.root, project.runtime)
    except EngineError:
        if needed:
            raise
        return None


def _obey(interrupts: Interrupts, d: Deployment, lock: Held | None, options: Options) -> None:
    def last() -> None:
        try:
            d.snapshot.close()
            state = "the state is written"
        except Exception as error:
            state = f"the state could not be written and is that of the last step before: {error}"
        if lock is not None:
            lock.release()
        d.events.say("error", f"the operation does not end; the process ends without it, {state}")

    interrupts.at(FIRST, lambda: d.fail(EngineError("interrupted")))
    interrupts.at(FIRST, d.registry.cancel)
    interrupts.at(FIRST, d.analyzers.cancel)
    interrupts.at(SECOND, d.callbacks.close)
    if options.pool is not None:
        interrupts.at(LAST, options.pool.abort)
    interrupts.at(LAST, last)


def program_folder(project: Project) -> Path:
    """Where plugins run and relative paths of assets start: the project's main folder."""
    if project.main.is_dir():
        return project.main
    return project.main.parent if project.main.exists() else project.root


def _decoded(opened: Opened) -> tuple[list[ResourceState], list[Interrupted]]:
    """The recorded resources, and the operations that an earlier run did not end."""
    resources = [decode_state(data, opened.decrypt) for data in opened.checkpoint.resources]
    interrupted = [
        Interrupted(operation["type"], decode_state(operation["resource"], opened.decrypt))
        for operation in opened.checkpoint.pending
    ]
    return resources, interrupted


def _deployment(
    opened: Opened,
    options: Options,
    resources: list[ResourceState],
    interrupted: list[Interrupted],
    *,
    events: EventLog,
    registry: Registry,
    analyzers: Analyzers,
    lock: Held | None,
    news: dict[str, ResourceState],
    plan: dict[str, ResourcePlan] | None,
) -> Deployment:
    crypter = opened.crypter
    olds, recorded, condemned = split(resources)

    def rendered(*, resources: Sequence[str], pending: Sequence[str], features: Sequence[str]) -> bytes:
        return render(
            stack=opened.stack,
            project=opened.project.name,
            salt_state=crypter.salt_state,
            resources=resources,
            pending=pending,
            features=features,
            plugins=_plugins(registry.versions),
        )

    if lock is not None:
        opened.files.state.keep_backup()
    kept = [s.urn for s in resources if s.protect] if options.exclude_protected else []
    targets = Targets(options, kept)
    snapshot = Snapshot(
        resources,
        [(operation.state, operation.kind) for operation in interrupted],
        encrypt=crypter.encrypt,
        recorder=None if lock is None else Recorder(opened.files.state, rendered, lock.writing),
        ordered=targets.constrained or targets.continues,
    )
    return Deployment(
        project=opened.project.name,
        stack=opened.stack,
        dry_run=lock is None,
        root=opened.project.root,
        folder=program_folder(opened.project),
        config=opened.config,
        events=events,
        registry=registry,
        analyzers=analyzers,
        snapshot=snapshot,
        parallel=options.parallel,
        olds=olds,
        recorded=recorded,
        condemned=condemned,
        news=news,
        targets=targets,
        plan=plan,
        save_plan=options.save_plan is not None,
    )


def _plan(opened: Opened, options: Options) -> dict[str, ResourcePlan] | None:
    if options.save_plan is not None and opened.salt is None:
        raise InvalidProject(
            f"save_plan: stack {opened.stack} has no key yet to encrypt a plan's secrets with; make the stack"
        )
    if options.save_plan is not None and not options.save_plan.parent.is_dir():
        raise InvalidProject(f"plan: {options.save_plan}: no such folder; create it, or name another")
    if options.plan is None:
        return None
    return read_plan(options.plan, opened.stack, opened.project.name, opened.crypter.decrypt)


def _plugins(versions: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"name": name, "path": "", "type": "resource", "version": version}
        for name, version in sorted(versions.items())
        if name != PACKAGE
    ]


def _expected_packages(opened: Opened) -> set[str]:
    """Packages of the recorded providers, and those that the configuration speaks of."""
    providers = [r for r in opened.checkpoint.resources if is_provider(r["type"])]
    recorded = {_plugin_of(r) for r in providers}
    configured = {key.partition(":")[0] for key in opened.config.values}
    return recorded or configured - {opened.project.name}


def _plugin_of(resource: dict[str, Any]) -> str:
    package, inputs = package_of(resource["type"]), resource.get("inputs") or {}
    try:
        return read_request(package, inputs).executable
    except ValueError:
        return package  # it is told when it is loaded
