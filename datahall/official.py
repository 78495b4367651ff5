"""Runs of the official engine: the ``pulumi`` on PATH as a subprocess, its own display left as it is.

A sandboxed environment runs in our backend, with the sandbox's plugins in front of PATH, and against a copy
of its settings file: the official CLI writes its salt into that file, which is under version control.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datahall.environments import official_cli
from datahall.errors import OperationError
from datahall.review import as_mistakes
from datahall.runs import Outcome, Request

# Exit codes of the official CLI that are not failures of a program or a provider.
_NO_CHANGES_EXPECTED = 7


@dataclass(frozen=True)
class _Prepared:
    command: str
    flags: tuple[str, ...]
    variables: Mapping[str, str]


def preview(request: Request) -> Outcome:
    """``pulumi preview``, reviewed by the policy pack."""
    return _run(request, "preview", _review(request))


def up(request: Request) -> Outcome:
    """``pulumi up``, reviewed by the policy pack; asks first unless told not to."""
    return _run(request, "up", [*_review(request), *_consent(request)])


def destroy(request: Request) -> Outcome:
    """``pulumi destroy``; asks first unless told not to."""
    return _run(request, "destroy", _consent(request))


def outputs(request: Request) -> dict[str, Any]:
    """The stack's outputs, secrets masked.

    Raises:
        OperationError: the official CLI cannot tell.
    """
    with _prepare(request) as prepared:
        command = [prepared.command, "stack", "output", "--json", "--stack", request.environment.name]
        answer = _ask(command, request, prepared)
    found: dict[str, Any] = json.loads(answer)
    return found


def exported(request: Request) -> list[dict[str, Any]]:
    """The stack's resources, as ``pulumi stack export`` gives them."""
    with _prepare(request) as prepared:
        command = [prepared.command, "stack", "export", "--stack", request.environment.name]
        answer = _ask(command, request, prepared)
    resources: list[dict[str, Any]] = json.loads(answer).get("deployment", {}).get("resources", [])
    return resources


def backend(request: Request) -> str:
    """The address of the backend that the official CLI is logged in to."""
    with _prepare(request) as prepared:
        answer = json.loads(_ask([prepared.command, "whoami", "--json"], request, prepared))
    return str(answer["url"])


def _run(request: Request, verb: str, flags: Sequence[str]) -> Outcome:
    with _prepare(request) as prepared, tempfile.TemporaryDirectory(prefix="datahall-") as folder:
        log = Path(folder) / "events.json"
        command = [prepared.command, verb, "--stack", request.environment.name, *prepared.flags, *flags]
        command += ["--parallel", str(request.parallel), "--event-log", str(log)]
        command += ["--diff"] if request.diff else []
        command += ["--expect-no-changes"] if request.expect_no_changes else []
        # The flag for the event log is there for the Automation API, and hidden without this.
        variables = {**os.environ, **prepared.variables, "PULUMI_DEBUG_COMMANDS": "true"}
        done = subprocess.run(
            command,
            cwd=request.root,
            env=variables,
            stdout=sys.stderr if request.quiet_stdout else None,
            check=False,
        )
        outcome = _read(log)
    if done.returncode == _NO_CHANGES_EXPECTED:
        raise OperationError(
            f"{request.environment.name}: changes where none were expected (--expect-no-changes)"
        )
    if done.returncode != 0:
        refused = as_mistakes(outcome.policy)
        if refused:
            raise refused
        raise OperationError(f"pulumi {verb} ended with exit code {done.returncode}; what it said is above")
    return outcome


@contextmanager
def _prepare(request: Request) -> Iterator[_Prepared]:
    command = official_cli(request.environment)
    if not request.environment.sandboxed:
        yield _Prepared(command, (), {"PULUMI_SKIP_UPDATE_CHECK": "true"})
        return
    request.home.state.mkdir(parents=True, exist_ok=True)
    variables = {
        **request.variables,
        "PULUMI_BACKEND_URL": request.home.backend_url(),
        "PULUMI_HOME": str(request.home.root / "pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PATH": os.pathsep.join([*map(str, request.plugin_path), os.environ.get("PATH", os.defpath)]),
    }
    with tempfile.TemporaryDirectory(prefix="datahall-") as folder:
        settings = Path(folder) / f"Pulumi.{request.environment.name}.yaml"
        if not request.state_file.exists():
            _create_stack(command, request, Path(folder) / "new", variables)
        text = (request.root / "stacks" / settings.name).read_text()
        settings.write_text(text + _salt_line(text, request.state_file))
        yield _Prepared(command, ("--config-file", str(settings)), variables)


def _create_stack(command: str, request: Request, folder: Path, variables: Mapping[str, str]) -> None:
    """Make the empty stack from a project folder of its own, so that no file of ours is written."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: datahall\nruntime: python\n")
    done = subprocess.run(
        [command, "stack", "init", request.environment.name, "--no-select"],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise OperationError(f"pulumi stack init: {done.stderr.strip()}")


def _salt_line(settings: str, state: Path) -> str:
    """The state's own salt, where the settings have none: else the CLI would make another at each run."""
    if "encryptionsalt:" in settings:
        return ""
    latest = json.loads(state.read_text())["checkpoint"].get("latest") or {}
    salt = latest.get("secrets_providers", {}).get("state", {}).get("salt")
    return f"\nencryptionsalt: {salt}\n" if salt else ""


def _ask(command: Sequence[str], request: Request, prepared: _Prepared) -> str:
    done = subprocess.run(
        command,
        cwd=request.root,
        env={**os.environ, **prepared.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise OperationError(f"{' '.join(command[1:3])}: {done.stderr.strip()}")
    return done.stdout


def _review(request: Request) -> list[str]:
    return [flag for pack in request.policy_packs for flag in ("--policy-pack", str(pack))]


def _consent(request: Request) -> list[str]:
    return ["--yes"] if request.yes or request.environment.sandboxed else []


def _read(log: Path) -> Outcome:
    """What the event log tells: the summary, and what the policy pack found."""
    changes: dict[str, int] = {}
    policy: list[dict[str, str]] = []
    for line in log.read_text().splitlines() if log.exists() else []:
        event = json.loads(line)
        if found := event.get("policyEvent"):
            policy.append(
                {
                    "policy": found["policyName"],
                    "enforcement": found["enforcementLevel"],
                    "urn": found.get("resourceUrn", ""),
                    "message": found["message"].strip(),
                    "outcome": "violation",
                }
            )
        if closing := event.get("summaryEvent"):
            changes = dict(closing.get("resourceChanges", {}))
    return Outcome(changes=changes, policy=policy)
