"""Tests of Pulumi programs against the emulated AWS: a real stack, brought up in the test's own process."""

from datahall.testing.deployment import Cloud, Deployment

__all__ = ["Cloud", "Deployment"]
