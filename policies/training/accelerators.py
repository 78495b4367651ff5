"""Which accelerated instance families encrypt the traffic between instances.

Nitro cards do so by themselves, with nothing to switch on: EC2 user guide, "Data protection: encryption in
transit between instances"; per type, `aws ec2 describe-instance-types`, NetworkInfo.
EncryptionInTransitSupported. Read in 2025.
"""

import re

ENCRYPTING = frozenset(
    {
        *("dl1", "dl2q", "inf1", "inf2", "trn1", "trn1n", "trn2", "trn2u"),
        *("g4ad", "g4dn", "g5", "g6", "g6e", "g6f", "gr6", "gr6f", "g7", "g7e"),
        *("p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300"),
    }
)
"""Families whose every type encrypts. Not among them: g3, g3s, g5g, p2, p3."""

_ACCELERATED = re.compile(r"^(dl|inf|trn|gr?|p)[0-9]")


def family(instance_type: str) -> str:
    """Return the family of an instance type: p5 of p5.48xlarge."""
    return instance_type.split(".", maxsplit=1)[0]


def is_accelerated(instance_type: str) -> bool:
    """Tell by its name whether an instance type has GPUs or AWS's own accelerators."""
    return _ACCELERATED.match(instance_type) is not None
