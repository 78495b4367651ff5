"""One operation of the embedded engine: `embedded.py up|destroy PROJECT BACKEND PLUGINS`."""

import sys
from pathlib import Path

from datahall import engine

verb, project, backend, plugins = sys.argv[1:]
run = {"up": engine.up, "destroy": engine.destroy}[verb]
run(
    engine.load_project(Path(project)),
    "bench",
    engine.Options(backend=Path(backend), plugin_path=[Path(plugins)]),
)
