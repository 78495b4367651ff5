"""`python -m datahall.sandbox.aws.server --folder F --port N`."""

import argparse
import os
import sys
import warnings
from pathlib import Path


def main() -> int:
    """Serve until TERM; return 2 where it cannot start, with one line that says why."""
    parser = argparse.ArgumentParser(prog="datahall.sandbox.aws.server", description="The emulated AWS.")
    parser.add_argument("--folder", type=Path, required=True, help="where its state is kept")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    given = parser.parse_args()
    warnings.filterwarnings(
        "ignore", category=UserWarning, module="moto.core.serialize"
    )  # of codes not in models
    sys.modules["pytest"] = None  # type: ignore[assignment]  # time_machine would load it: a fifth of our start
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # read by moto as it is imported
    from datahall.sandbox.aws.server.serve import ServeError, serve  # noqa: PLC0415 - after the setting

    try:
        serve(given.folder.resolve(), given.port)
    except ServeError as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # all is on disk; taking moto down object by object would only keep the caller waiting


if __name__ == "__main__":
    sys.exit(main())
