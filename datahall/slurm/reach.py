"""``python -m datahall.slurm.reach COMMAND...``: run it while the emulated hosts reach the stack's storage.

It is for playbooks that need a bucket: the command finds the repository of backups in BACKUP_REPOSITORY, and
the stack's keys in its environment, never in its arguments. The stack is that of `metal` where it is up, else
`local`'s.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from datahall import emulated, paths, site
from datahall.context import open_context
from datahall.errors import OperationError, UserError, report
from datahall.sandbox.hosts import HostsFailedError
from datahall.sandbox.hosts.relay import open_relay

_FOLDER = "cluster"


def run(command: Sequence[str]) -> int:
    """The exit code of a command that ran while the hosts reached the storage of their environment.

    Raises:
        UserError: the environment is not up, or the command is not there.
        OperationError: the hosts have no network.
    """
    context = open_context(emulated.environment(paths.home()))
    found = site.find(context)
    bucket = json.loads(found.file.read_text())["data_bucket"]
    behind = urlsplit(found.variables["AWS_ENDPOINT_URL"]).port or 80
    try:
        with open_relay(emulated.folder(context.home), behind) as (address, port):
            there = {"BACKUP_REPOSITORY": f"s3:http://{address}:{port}/{bucket}/{_FOLDER}"}
            surroundings = {**os.environ, **found.variables, **there}
            return subprocess.run(command, check=False, env=surroundings).returncode
    except HostsFailedError as error:
        raise OperationError(str(error)) from None
    except FileNotFoundError:
        raise UserError("command", command[0], "is not there", "give one that is on PATH") from None


def main() -> int:
    """Run what is asked for; its exit code, or 2 for a user's mistake."""
    try:
        if not sys.argv[1:]:
            raise UserError(
                "command", "none", "there must be one", "ansible-playbook backup.yml, for example"
            )
        return run(sys.argv[1:])
    except (UserError, OperationError) as error:
        return report(error, as_json=False)


if __name__ == "__main__":
    sys.exit(main())
