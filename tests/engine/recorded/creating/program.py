"""Killed when the second thing was made and not yet recorded."""

import os

from tests.engine.programs import Thing

first = Thing("first", size=int(os.environ["SIZE"]))
second = Thing("second", note=first.serial)
Thing("third", note=second.serial)
