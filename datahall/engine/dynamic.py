"""The SDK's server of dynamic providers, with the packages of a virtual environment.

`python -m datahall.engine.dynamic SITE-PACKAGES ENGINE`.
"""

from __future__ import annotations

import runpy
import site
import sys

if __name__ == "__main__":
    site.addsitedir(sys.argv.pop(1))
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
