"""One working resource of each supported type, with every input that the sandbox obeys where they agree.

In the order in which they can be made; `made` gives the ids and outputs of those before.
"""

from __future__ import annotations

from tests.sandbox.aws.plugin.samples.cluster import CLUSTER
from tests.sandbox.aws.plugin.samples.compute import COMPUTE
from tests.sandbox.aws.plugin.samples.network import NETWORK
from tests.sandbox.aws.plugin.samples.parts import Sample
from tests.sandbox.aws.plugin.samples.security import SECURITY
from tests.sandbox.aws.plugin.samples.storage import STORAGE
from tests.sandbox.aws.plugin.samples.watching import WATCHING

__all__ = ["SAMPLES"]

SAMPLES: tuple[Sample, ...] = (*NETWORK, *SECURITY, *STORAGE, *WATCHING, *COMPUTE, *CLUSTER)
