"""AWS list prices, as data: US dollars, us-east-1, Linux, on demand, without taxes, credits or discounts.

Source of every number: the AWS list price (aws.amazon.com/<service>/pricing), as of the month below.
"""

from collections.abc import Mapping
from decimal import Decimal

SOURCE = "AWS list price"
AS_OF = "2025-11"
REGION = "us-east-1"
HOURS_PER_MONTH = 730
"""What AWS's own calculator takes for a month: 8,760 hours / 12."""

# per hour
NAT_GATEWAY = Decimal("0.045")
INTERFACE_ENDPOINT_ZONE = Decimal("0.01")
PUBLIC_IPV4 = Decimal("0.005")
EKS_CLUSTER = Decimal("0.10")
"""A Kubernetes version in standard support; in extended support it is 0.60."""

# per month
KMS_KEY = Decimal(1)
DETAILED_MONITORING = Decimal("2.10")
"""An instance's seven detailed metrics at 0.30 each."""

# EBS: per GB-month; gp3 has 3,000 IOPS and 125 MB/s in its price, beyond which each is charged by itself
VOLUME_GB: Mapping[str, Decimal] = {"gp3": Decimal("0.08"), "gp2": Decimal("0.10")}
GP3_IOPS = Decimal("0.005")
GP3_IOPS_INCLUDED = 3000
GP3_MB_PER_S = Decimal("0.04")
GP3_MB_PER_S_INCLUDED = 125

LUSTRE_GB: Mapping[tuple[str, int], Decimal] = {
    ("SCRATCH_1", 0): Decimal("0.140"),
    ("SCRATCH_2", 0): Decimal("0.140"),
    ("PERSISTENT_1", 50): Decimal("0.140"),
    ("PERSISTENT_1", 100): Decimal("0.190"),
    ("PERSISTENT_1", 200): Decimal("0.290"),
    ("PERSISTENT_2", 125): Decimal("0.145"),
    ("PERSISTENT_2", 250): Decimal("0.210"),
    ("PERSISTENT_2", 500): Decimal("0.340"),
    ("PERSISTENT_2", 1000): Decimal("0.600"),
}
"""SSD, per GB-month, by deployment type and throughput (MB/s for each TiB)."""

GPU_HOUR: Mapping[str, Decimal] = {
    name: Decimal(price)
    for name, price in {
        "g4dn.xlarge": "0.526",
        "g4dn.2xlarge": "0.752",
        "g4dn.4xlarge": "1.204",
        "g4dn.8xlarge": "2.176",
        "g4dn.12xlarge": "3.912",
        "g4dn.16xlarge": "4.352",
        "g5.xlarge": "1.006",
        "g5.2xlarge": "1.212",
        "g5.4xlarge": "1.624",
        "g5.8xlarge": "2.448",
        "g5.12xlarge": "5.672",
        "g5.16xlarge": "4.096",
        "g5.24xlarge": "8.144",
        "g5.48xlarge": "16.288",
        "g6.xlarge": "0.8048",
        "g6.2xlarge": "0.9776",
        "g6.4xlarge": "1.3232",
        "g6.8xlarge": "2.0144",
        "g6.12xlarge": "4.6016",
        "g6.16xlarge": "3.3968",
        "g6.24xlarge": "6.6752",
        "g6.48xlarge": "13.3504",
        "g6e.xlarge": "1.861",
        "g6e.2xlarge": "2.24208",
        "g6e.4xlarge": "3.00424",
        "g6e.8xlarge": "4.52856",
        "g6e.12xlarge": "10.49264",
        "g6e.16xlarge": "7.57719",
        "g6e.24xlarge": "15.06559",
        "g6e.48xlarge": "30.13118",
        "p4d.24xlarge": "21.957642",
        "p4de.24xlarge": "27.44705",
        "p5.4xlarge": "6.88",
        "p5.48xlarge": "55.04",
        "p5en.48xlarge": "63.296",
        "p6-b200.48xlarge": "113.9328",
    }.items()
}

NOT_ON_DEMAND = frozenset({"p5e.48xlarge", "p6-b300.48xlarge", "trn2.48xlarge"})
"""Types that AWS sells by the capacity block in us-east-1, with no on-demand price."""

CPU_LARGE_HOUR: Mapping[str, Decimal] = {
    family: Decimal(price)
    for family, price in {
        **{"c5": "0.085", "c5a": "0.077", "c5d": "0.096", "c5n": "0.108"},
        **{"c6i": "0.085", "c6a": "0.0765", "c6id": "0.1008", "c6in": "0.1134"},
        **{"c7i": "0.08925", "c7a": "0.10264", "c7i-flex": "0.08479"},
        **{"m5": "0.096", "m5a": "0.086", "m5d": "0.113", "m5n": "0.119"},
        **{"m6i": "0.096", "m6a": "0.0864", "m6id": "0.11865", "m6in": "0.13923"},
        **{"m7i": "0.1008", "m7a": "0.11592", "m7i-flex": "0.09576"},
        **{"r5": "0.126", "r5a": "0.113", "r5d": "0.144", "r5n": "0.149"},
        **{"r6i": "0.126", "r6a": "0.1134", "r6id": "0.1512", "r6in": "0.17433"},
        **{"r7i": "0.1323", "r7a": "0.15215"},
    }.items()
}
"""The `large` size of each CPU family; the other sizes cost in proportion to their vCPUs."""


def instance_hour(instance_type: str) -> Decimal | None:
    """Return an instance type's price an hour, or None where there is none here."""
    if instance_type in GPU_HOUR:
        return GPU_HOUR[instance_type]
    family, _, size = instance_type.partition(".")
    large = CPU_LARGE_HOUR.get(family)
    if large is None or not size.endswith("large"):
        return None
    multiple = size.removesuffix("xlarge")
    if size == "large":
        return large
    if multiple and not multiple.isdigit():
        return None
    return large * 2 * (int(multiple) if multiple else 1)
