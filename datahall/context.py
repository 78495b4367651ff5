"""What every command works with: the project, the home folder, one environment, and where its output goes."""

from dataclasses import dataclass
from pathlib import Path

from datahall import passphrase, paths
from datahall.environments import EngineName, Environment, choose_engine, find
from datahall.output import Output
from datahall.paths import Home
from datahall.runs import Request
from datahall.sandbox.aws import control

INVENTORY = "DATAHALL_INVENTORY"
"""The variable in which ``stacks/machines.py`` finds the emulated hosts."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """One command's surroundings."""

    root: Path
    home: Home
    environment: Environment
    engine: EngineName
    output: Output

    @property
    def state_file(self) -> Path:
        """The checkpoint of the environment's stack in our backend."""
        return self.home.state_file(self.environment.name)

    @property
    def aws(self) -> Path:
        """The emulated AWS of the environment: its journal, blobs and log."""
        return self.home.aws(self.environment.name)

    def reading(self) -> Request:
        """A look at the recorded state, for which no passphrase is needed."""
        return Request(root=self.root, home=self.home, environment=self.environment)

    def named(self) -> dict[str, str]:
        """The first lines of every result."""
        return {"environment": self.environment.name, "engine": self.engine}

    def request(
        self,
        *,
        endpoint: str | None = None,
        region: str = control.DEFAULT_REGION,
        parallel: int = 16,
        diff: bool = False,
        expect_no_changes: bool = False,
        yes: bool = False,
        inventory: Path | None = None,
    ) -> Request:
        """A run of the engine; ``endpoint`` is the emulated AWS of a sandboxed environment.

        ``inventory`` is that of its emulated hosts, where it has any.

        Raises:
            UserError: there is no passphrase.
        """
        found = passphrase.variables(
            self.home, self.environment, state_exists=_holds_secrets(self.state_file)
        )
        return Request(
            root=self.root,
            home=self.home,
            environment=self.environment,
            variables={**found, **aws_variables(endpoint, region), **hosts_variables(inventory)},
            plugin_path=(control.PLUGIN_PATH,) if self.environment.sandboxed else (),
            parallel=parallel,
            diff=diff,
            expect_no_changes=expect_no_changes,
            yes=yes,
            quiet_stdout=self.output.as_json,
        )


def open_context(environment: str, *, engine: EngineName | None = None, as_json: bool = False) -> Context:
    """The surroundings of a command for one environment.

    Raises:
        UserError: the environment is unknown, or the engine cannot run it.
    """
    found = find(environment)
    return Context(
        root=paths.project_root(),
        home=paths.home(),
        environment=found,
        engine=choose_engine(found, engine),
        output=Output(as_json=as_json),
    )


def aws_variables(endpoint: str | None, region: str) -> dict[str, str]:
    """What leads a program to the emulated AWS and to nothing else; empty without one."""
    return control.environment(endpoint, region=region) if endpoint else {}


def hosts_variables(inventory: Path | None) -> dict[str, str]:
    """What tells a program of emulated hosts; empty without them."""
    return {INVENTORY: str(inventory)} if inventory else {}


def _holds_secrets(state_file: Path) -> bool:
    try:
        return '"secrets_providers"' in state_file.read_text(errors="replace")
    except FileNotFoundError:
        return False
