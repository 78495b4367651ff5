"""The program: reads the settings, makes the components, exports what the workloads need."""

import sys
from pathlib import Path

# an engine runs this folder by its path; the packages stand beside it
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stacks.program import deploy
from stacks.settings import from_config

deploy(from_config())
