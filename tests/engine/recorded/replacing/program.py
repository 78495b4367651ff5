"""Killed while the old one of a replacement was deleted, before that was recorded."""

import os

import pulumi

from tests.engine.programs import Thing

kind = os.environ["SIZE"]
first = Thing("first", label=f"first-{kind}", kind=kind, password=pulumi.Output.secret("hunter2"))
Thing("second", note=first.serial)
