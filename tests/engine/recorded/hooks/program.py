"""A resource with hooks, which a reader of version 3 would not know of."""

import os

import pulumi

from tests.engine.programs import Thing

made = pulumi.ResourceHook("made", lambda _: None)
hooks = pulumi.ResourceHookBinding(after_create=[made], before_update=[made])
Thing("hooked", size=int(os.environ["SIZE"]), opts=pulumi.ResourceOptions(hooks=hooks))
Thing("plain")
