#!/usr/bin/env python3
"""Inventory of the emulated hosts, for plain ansible-playbook: what `datahall hosts up` wrote.

Needs nothing but Python; looks in $DATAHALL_HOME, else in .datahall/ of the checkout.
"""

import json
import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Print the inventory; everything about each host is in it, so --host has nothing to add."""
    if "--host" in sys.argv:
        print("{}")
        return 0
    home = Path(os.environ.get("DATAHALL_HOME", CHECKOUT / ".datahall"))
    file = home / "hosts" / "inventory.json"
    try:
        print(json.dumps(json.loads(file.read_text())))
    except FileNotFoundError:
        fix = "bring emulated hosts up (make metal-up), or name an inventory of real ones with -i"
        print(f"inventory: {file}: is not there; {fix}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
