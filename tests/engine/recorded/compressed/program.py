"""A stack whose files are compressed."""

import os

import pulumi

from tests.engine.programs import Thing

it = Thing("it", size=int(os.environ["SIZE"]), password=pulumi.Output.secret("hunter2"))
pulumi.export("area", it.area)
