"""Where things are: the project (Pulumi.yaml, stacks/) and the home folder (everything datahall keeps).

``DATAHALL_PROJECT`` names another project folder: one with Pulumi.yaml and a stacks/ folder of its own,
such as a copy with other settings. ``DATAHALL_HOME`` moves the home folder.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from datahall.errors import UserError

PROJECT = "datahall"
_CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """The folder that holds everything datahall keeps, ``.datahall/`` unless DATAHALL_HOME says otherwise."""

    root: Path

    @property
    def state(self) -> Path:
        """The self-managed Pulumi backend."""
        return self.root / "state"

    def aws(self, environment: str) -> Path:
        """The emulated AWS of one environment: its journal, blobs and log."""
        return self.root / ("aws" if environment == "local" else f"aws-{environment}")

    @property
    def services(self) -> Path:
        """One record for each service that was started."""
        return self.root / "services"

    @property
    def outputs(self) -> Path:
        """The stack outputs of each environment, as the workloads read them."""
        return self.root / "outputs"

    @property
    def logs(self) -> Path:
        """What the programs that datahall started had to say."""
        return self.root / "logs"

    @property
    def passphrase(self) -> Path:
        """The generated passphrase of the sandboxed environments."""
        return self.root / "passphrase"

    def site(self, environment: str) -> Path:
        """The site file: the stack outputs of one environment, as JSON."""
        return self.outputs / f"{environment}.json"

    def request(self, environment: str) -> Path:
        """A request to the model's service, to try it with."""
        return self.outputs / f"{environment}-request.json"

    def state_file(self, environment: str) -> Path:
        """The checkpoint of one environment's stack in our backend."""
        return self.state / ".pulumi" / "stacks" / PROJECT / f"{environment}.json"

    def backend_url(self) -> str:
        """The backend's address, as ``pulumi login`` takes it."""
        return f"file://{self.state}"


def project_root() -> Path:
    """The folder that holds Pulumi.yaml.

    Raises:
        UserError: DATAHALL_PROJECT names a folder without a Pulumi.yaml.
    """
    named = os.environ.get("DATAHALL_PROJECT")
    root = Path(named).resolve() if named else _CHECKOUT
    if not (root / "Pulumi.yaml").is_file():
        raise UserError(
            "DATAHALL_PROJECT" if named else "project",
            str(root),
            "has no Pulumi.yaml",
            "name a folder that has one, or unset DATAHALL_PROJECT",
        )
    return root


def home() -> Home:
    """The home folder; it is not created here.

    Raises:
        UserError: DATAHALL_HOME names something that is not a folder.
    """
    named = os.environ.get("DATAHALL_HOME")
    root = Path(named).resolve() if named else project_root() / ".datahall"
    if root.exists() and not root.is_dir():
        raise UserError("DATAHALL_HOME", str(root), "is a file", "name a folder, or a path that is free")
    return Home(root)
