"""One operation of the embedded engine: `embedded.py up|destroy PROJECT BACKEND PLUGINS [PACK...]`."""

import sys
from pathlib import Path

from datahall import engine

verb, project, backend, plugins, *packs = sys.argv[1:]
run = {"up": engine.up, "destroy": engine.destroy}[verb]
run(
    engine.load_project(Path(project)),
    "bench",
    engine.Options(
        backend=Path(backend), plugin_path=[Path(plugins)], policy_packs=[Path(pack) for pack in packs]
    ),
)
