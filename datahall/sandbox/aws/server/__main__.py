"""`python -m datahall.sandbox.aws.server --folder F --port N`."""

import argparse
import functools
import os
import sys
import warnings
from pathlib import Path

from datahall.sandbox.aws.server.serve import ServeError, serve


def main() -> int:
    """Serve until TERM; return 2 where it cannot start, with one line that says why."""
    parser = argparse.ArgumentParser(prog="datahall.sandbox.aws.server", description="The emulated AWS.")
    parser.add_argument("--folder", type=Path, required=True, help="where its state is kept")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--owner", type=int, help="the parent's process number: the server ends with it")
    given = parser.parse_args()
    prepare()
    try:
        serve(given.folder.resolve(), given.port, given.owner)
    except ServeError as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # all is on disk; taking moto down object by object would only keep the caller waiting


def prepare() -> None:
    """Set what moto reads as it is imported; with the two short cuts its import takes half the time."""
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    # of error codes that AWS uses and its models do not list
    warnings.filterwarnings("ignore", category=UserWarning, module="moto.core.serialize")
    import boto3  # noqa: PLC0415 - slow

    # moto makes a session for every list of regions or partitions; each parses two megabytes of endpoints
    boto3.Session = functools.cache(boto3.Session)
    # time_machine loads pytest where it finds it, for a fixture that a server has no use for
    sys.modules["pytest"] = None  # type: ignore[assignment]


if __name__ == "__main__":
    sys.exit(main())
