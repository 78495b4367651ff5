"""The GPU instance types that pools are made of.

Sizes: EC2's own ``describe-instance-types``. Prices: AWS list price, on demand, Linux, us-east-1, June 2025
(after that month's reductions of P4 and P5), US dollars an hour; ``None`` where AWS lists none on demand.
All of them encrypt traffic between instances in their Nitro cards (EC2 user guide, "Data protection").
"""

from collections.abc import Mapping
from dataclasses import dataclass

from components.errors import InvalidArgs, near


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """A GPU instance type; memory in GiB, network in Gbit/s, price in US dollars an hour.

    ``efa_interfaces`` is the number of EFA interfaces, one a network card; ``efa_only`` tells that the
    cards after the first take EFA without an IP address (interface type ``efa-only``).
    """

    name: str
    gpus: int
    gpu: str
    gpu_memory_gib: int
    vcpus: int
    memory_gib: int
    network_gbps: int
    efa_interfaces: int
    efa_only: bool
    encrypts_in_transit: bool
    usd_per_hour: float | None

    @property
    def multi_card(self) -> bool:
        """Whether it has more than one network card with EFA."""
        return self.efa_interfaces > 1


def _types(  # one family: rows of size, GPUs, vCPUs, memory, network, EFA interfaces, price
    family: str,
    gpu: str,
    gpu_memory_gib: int,
    *rows: tuple[str, int, int, int, int, int, float | None],
    efa_only: bool = False,
) -> list[InstanceType]:
    return [
        InstanceType(
            name=f"{family}.{size}",
            gpus=gpus,
            gpu=gpu,
            gpu_memory_gib=gpu_memory_gib,
            vcpus=vcpus,
            memory_gib=memory_gib,
            network_gbps=network_gbps,
            efa_interfaces=efa_interfaces,
            efa_only=efa_only and efa_interfaces > 1,
            encrypts_in_transit=True,
            usd_per_hour=price,
        )
        for size, gpus, vcpus, memory_gib, network_gbps, efa_interfaces, price in rows
    ]


INSTANCE_TYPES: Mapping[str, InstanceType] = {
    each.name: each
    for each in (
        *_types(
            "g5",
            "A10G",
            22,
            ("xlarge", 1, 4, 16, 10, 0, 1.006),
            ("2xlarge", 1, 8, 32, 10, 0, 1.212),
            ("4xlarge", 1, 16, 64, 25, 0, 1.624),
            ("8xlarge", 1, 32, 128, 25, 1, 2.448),
            ("12xlarge", 4, 48, 192, 40, 1, 5.672),
            ("16xlarge", 1, 64, 256, 25, 1, 4.096),
            ("24xlarge", 4, 96, 384, 50, 1, 8.144),
            ("48xlarge", 8, 192, 768, 100, 1, 16.288),
        ),
        *_types(
            "g6",
            "L4",
            22,
            ("xlarge", 1, 4, 16, 10, 0, 0.8048),
            ("2xlarge", 1, 8, 32, 10, 0, 0.9776),
            ("4xlarge", 1, 16, 64, 25, 0, 1.3232),
            ("8xlarge", 1, 32, 128, 25, 1, 2.0144),
            ("12xlarge", 4, 48, 192, 40, 1, 4.6016),
            ("16xlarge", 1, 64, 256, 25, 1, 3.3968),
            ("24xlarge", 4, 96, 384, 50, 1, 6.6752),
            ("48xlarge", 8, 192, 768, 100, 1, 13.3504),
        ),
        *_types(
            "g6e",
            "L40S",
            44,
            ("xlarge", 1, 4, 32, 20, 0, 1.861),
            ("2xlarge", 1, 8, 64, 20, 0, 2.24208),
            ("4xlarge", 1, 16, 128, 20, 0, 3.00424),
            ("8xlarge", 1, 32, 256, 25, 1, 4.52856),
            ("12xlarge", 4, 48, 384, 100, 1, 10.49264),
            ("16xlarge", 1, 64, 512, 35, 1, 7.57719),
            ("24xlarge", 4, 96, 768, 200, 2, 15.06559),
            ("48xlarge", 8, 192, 1536, 400, 4, 30.13118),
        ),
        *_types("p4d", "A100", 40, ("24xlarge", 8, 96, 1152, 400, 4, 21.957642)),
        *_types("p4de", "A100", 80, ("24xlarge", 8, 96, 1152, 400, 4, 27.44705)),
        *_types(
            "p5",
            "H100",
            80,
            ("4xlarge", 1, 16, 256, 100, 1, 6.88),
            ("48xlarge", 8, 192, 2048, 3200, 32, 55.04),
            efa_only=True,
        ),
        *_types("p5e", "H200", 141, ("48xlarge", 8, 192, 2048, 3200, 32, None), efa_only=True),
        *_types("p5en", "H200", 141, ("48xlarge", 8, 192, 2048, 3200, 16, 63.296), efa_only=True),
        *_types("p6-b200", "B200", 179, ("48xlarge", 8, 192, 2048, 3200, 8, 113.9328), efa_only=True),
    )
}


def instance_type(name: str, *, field: str = "instance_type") -> InstanceType:
    """The type of that name; raises ``InvalidArgs`` with the nearest names."""
    found = INSTANCE_TYPES.get(name) if isinstance(name, str) else None
    if found is None:
        raise InvalidArgs(field, name, "is no GPU instance type known here", near(str(name), INSTANCE_TYPES))
    return found
